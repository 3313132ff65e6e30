import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openArtifacts, parseArtifacts } from '../../../cli/up/artifact-options.js';
import { millis } from '../../../api-types/units.js';
import { prepareDataDirectory } from '../../../cli/up/data-directory.js';
import { parseOptions, type RawUpOptions } from '../../../cli/up/options.js';
import { liveTable, type HostRow, type Screen } from '../../../cli/up/table.js';
import { systemClock } from '../../../runtime/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('scalarium up, without starting anything');

const raw = (more: Partial<RawUpOptions>): RawUpOptions => ({
  data: '/tmp/nowhere',
  port: '7420',
  cloud: 'local',
  hosts: 'process',
  example: true,
  timeout: '120',
  heartbeat: '10',
  ...more,
});

for (const [more, expected] of [
  [{ port: 'x' }, '--port: expected a whole number from 0 to 65535, got "x"'],
  [{ store: 'nope' }, '--store: expected file:DIRECTORY or etcd://HOST:PORT[,HOST:PORT…], got "nope"'],
  [{ cloud: 'nope' }, '--cloud: expected local or an http or https URL, got "nope"'],
  [{ apply: '/no/file' }, '--apply /no/file: there is no such file'],
  [{ credentials: '/no/file' }, '--credentials /no/file: there is no such file'],
  [
    { listen: '0.0.0.0', tls: false },
    '--no-tls with --listen 0.0.0.0 is refused: tokens and secrets would cross the network in the clear; leave --no-tls out (the control plane makes its own certificates), or listen on 127.0.0.1',
  ],
  [
    { listen: 'a:1' },
    '--listen: expected an address or a name of this machine (the port is --port), got "a:1"',
  ],
  [
    { advertise: '0.0.0.0' },
    '--advertise: expected HOST or HOST:PORT that agents and people can reach, got "0.0.0.0"',
  ],
  [
    { advertise: 'a:99999' },
    '--advertise: expected HOST or HOST:PORT that agents and people can reach, got "a:99999"',
  ],
  [
    { tlsCert: 'a.pem' },
    '--tls-key is missing: a certificate is given by --tls-cert FILE and --tls-key FILE together; with neither, the control plane makes its own',
  ],
  [
    { oidcIssuer: 'https://x' },
    '--oidc-issuer URL and --oidc-client-id ID belong together: one of them is missing',
  ],
  [{ hosts: 'vm' }, '--hosts: expected process, hollow, namespace, none, got "vm"'],
  [
    { hostsBase: '/srv/base' },
    '--hosts-base is for --hosts namespace; hosts of the driver "process" have no root of their own',
  ],
  [{ installationKey: '/no/file' }, '--installation-key /no/file: there is no such file'],
  [{ artifacts: 'ftp://x/y' }, '--artifacts: expected a directory or s3://BUCKET[/PREFIX], got "ftp://x/y"'],
  [
    { artifacts: 's3://my-bucket', artifactsCredentials: '/no/file' },
    '--artifacts-credentials /no/file: there is no such file',
  ],
  [
    { artifacts: 's3://my-bucket', artifactsEndpoint: 'x:1' },
    '--artifacts-endpoint: expected an http or https URL, got "x:1"',
  ],
  [
    { artifacts: '/srv/packs', artifactsRegion: 'eu-west-1' },
    '--artifacts-region is for --artifacts s3://BUCKET[/PREFIX]',
  ],
] as const)
  test(`refuses ${JSON.stringify(more)}`, () => {
    assert.throws(
      () => parseOptions(raw(more)),
      (error: Error) => error.message === expected,
    );
  });

for (const [more, expected] of [
  [{}, { listen: '127.0.0.1', advertise: null, tls: true, given: null, oidc: null }],
  [
    { listen: '127.0.0.2', tls: false },
    { listen: '127.0.0.2', tls: false },
  ],
  [
    { listen: '[::1]', tls: false },
    { listen: '::1', tls: false },
  ],
  [{ listen: '0.0.0.0', advertise: 'cp.example' }, { advertise: { host: 'cp.example', port: null } }],
  [{ advertise: 'cp.example:443' }, { advertise: { host: 'cp.example', port: 443 } }],
  [{ advertise: '[2001:db8::1]:443' }, { advertise: { host: '2001:db8::1', port: 443 } }],
  [{ advertise: '2001:db8::1' }, { advertise: { host: '2001:db8::1', port: null } }],
  [{ listen: '127.0.0.1' }, { localSources: false }],
  [{ localSources: true }, { localSources: true }],
  [{}, { artifacts: { kind: 'directory', directory: '/tmp/nowhere/artifacts', outside: false } }],
  [{ artifacts: '/srv/packs' }, { artifacts: { kind: 'directory', directory: '/srv/packs', outside: true } }],
  [{ hosts: 'namespace' }, { hosts: 'namespace', hostsBase: '/' }],
  [{ hosts: 'namespace', hostsBase: '/srv/base/' }, { hostsBase: '/srv/base' }],
  [{ tlsCert: 'c', tlsKey: 'k', tlsCa: 'a' }, { given: { cert: 'c', key: 'k', ca: 'a' } }],
  [
    { oidcIssuer: 'https://x', oidcClientId: 'id', oidcGroupsClaim: 'roles' },
    { oidc: { issuer: 'https://x', clientId: 'id', groupsClaim: 'roles' } },
  ],
] as const)
  test(`takes ${JSON.stringify(more)}`, () => {
    const options = parseOptions(raw(more)) as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(expected)) assert.equal(options[field], value);
  });

test('an artifact store in a bucket: with keys of a file, or of the environment', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-artifacts-'));
  const keys = { accessKeyId: 'AKIA1', secretAccessKey: 'abc' };
  const store = { kind: 's3', bucket: 'my-bucket', prefix: 'a/b', directory: '/data/artifacts' };
  const where = { artifacts: 's3://my-bucket//a//b/' };
  try {
    const file = join(folder, 'credentials');
    const lines = ['[default]', 'aws_access_key_id = AKIA1', 'aws_secret_access_key = abc'];
    writeFileSync(file, `${lines.join('\n')}\n`);
    assert.equal(parseArtifacts({ ...where, artifactsCredentials: file }, '/data', {}), { ...store, keys });
    const env = { AWS_ACCESS_KEY_ID: 'AKIA1', AWS_SECRET_ACCESS_KEY: 'abc', AWS_SESSION_TOKEN: 't' };
    assert.equal(parseArtifacts({ ...where, artifactsRegion: 'eu-west-1' }, '/data', env), {
      ...store,
      region: 'eu-west-1',
      keys: { ...keys, sessionToken: 't' },
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a data directory that cannot be made is told in one line, also where mkdir -p would never end', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-data-'));
  try {
    writeFileSync(join(folder, 'file'), '');
    const below = join(folder, 'file', 'data');
    assert.throws(() => {
      prepareDataDirectory(below);
    }, /cannot be written \(a part of the path is a file\): give another one with --data/);
    assert.throws(() => {
      prepareDataDirectory('/proc/scalarium/data');
    }, /cannot be written \(nothing can be made there\)/);
    prepareDataDirectory(join(folder, 'a', 'b'));
    prepareDataDirectory(join(folder, 'a', 'b'));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const row = (name: string): HostRow => ({
  name,
  cluster: 'shop',
  role: 'app',
  phase: 'pending',
  machine: '-',
  address: '-',
  message: '',
});

const screenOf = (isTTY: boolean, rows: number): Screen & { readonly text: () => string } => {
  const written: string[] = [];
  return {
    isTTY,
    rows,
    columns: 30,
    write: (text) => {
      written.push(text);
    },
    text: () => written.join(''),
  };
};

test('troubles stay in sight below the table, cut to the width of the terminal', () => {
  const screen = screenOf(true, 8);
  const names = Array.from({ length: 20 }, (_value, index) => `app-${String(index + 1)}`);
  liveTable(screen).draw(names.map(row), 1000, ['cloud/local: CloudUnavailable: nothing answers there']);
  const lines = screen.text().trimEnd().split('\n');
  assert.is(lines.length, 7);
  assert.is(lines.at(-1), 'cloud/local: CloudUnavailable:');
  assert.match(lines.at(-2) ?? '', /20 hosts: 20 pending/);
});

test('without a terminal a trouble is told once', () => {
  const screen = screenOf(false, 0);
  const table = liveTable(screen);
  const trouble = 'cloud/local: CloudUnavailable: nothing answers there';
  table.draw([], 1000, [trouble]);
  table.draw([], 2000, [trouble]);
  assert.is(screen.text().split(trouble).length, 2);
});

test('a directory for artifacts has a folder for each installation, and one process writes it', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-artifacts-'));
  const releases: (() => Promise<void>)[] = [];
  const opening = { clock: systemClock, hold: (release: () => Promise<void>) => releases.push(release) };
  const open = openArtifacts(parseArtifacts({ artifacts: directory }, '/data', {}), opening);
  try {
    const first = await open('one');
    await first.work(async (folder) => {
      writeFileSync(join(folder, 'pack'), 'x');
      const second = await open('two');
      assert.is.not(second.folder, first.folder);
      const refusal = await open('one').then(() => 'opened', String);
      assert.match(refusal, /one is in use by process \d+ .*--artifacts/);
      await first.put(join(folder, 'pack'), 'a'.repeat(64));
      await second.sweep(new Set(), millis(-1));
    });
    assert.ok(await first.has('a'.repeat(64)));
  } finally {
    for (const release of releases) await release();
    rmSync(directory, { recursive: true });
  }
});
