/** What HAProxy does with servers that a Deployment is at, by the real program: they leave, join, and change their ports. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { SecretSource } from '../../recipes/secrets.js';
import { eventually } from '../e2e/world.js';
import { assert } from '../suite.js';
import { released, withReleases } from '../unit/recipes/releases.js';
import { namedSecrets } from '../unit/recipes/texts.js';
import { host, role } from '../unit/recipes/world.js';
import {
  admin,
  adminMeanwhile,
  ask,
  balancing,
  configured,
  haproxyOf,
  installed,
  listening,
  named,
  onBalancer,
  reloaded,
  started,
  statuses,
  written,
  type Stage,
} from './balancer.js';
import { answerers, holding, load } from './balanced-load.js';

const test = onBalancer('servers that a Deployment is at, by the real HAProxy');

/** What no check can have brought about: none comes again. */
const SELDOM = { checkSeconds: 3600, leaveSeconds: 30 };
const OUT = { out: ['shop'] };

/** A certificate for this name, and its key. */
const certified = ({ root }: Stage, name: string): Readonly<Record<string, string>> => {
  const [key, certificate] = [join(root, `${name}.key`), join(root, `${name}.crt`)];
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', `/CN=${name}`, '-keyout', key, '-out', certificate],
  ]);
  assert.is(made.status, 0);
  return { key: readFileSync(key, 'utf8'), certificate: readFileSync(certificate, 'utf8') };
};

/** Whose certificate somebody is shown who asks for this name. */
const shownTo = (stage: Stage, servername: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: stage.ports.https, servername, rejectUnauthorized: false };
    const socket = connect(options, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.once('error', reject);
  });

if (!installed)
  test('NOT RUN: there is no haproxy, socat or openssl here', () => {
    process.stderr.write('\n*** HAPROXY: NOT TESTED HERE: haproxy, socat or openssl is missing ***\n');
  });
else {
  test('one that leaves is waited for; one that joins again has requests at once', async (stage) => {
    const one = holding('one');
    const ports = [await listening(stage, one.listener), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports, SELDOM));
    await started(stage);
    const long = [0, 1].map(() => ask({ port: stage.ports.http, path: '/slow' }).then(({ by }) => by));
    await eventually('one of them waits at the first', () => one.held() === 1);
    const going = load(stage);
    await written(stage, balancing(stage, ports, SELDOM, { 'app-1': OUT }));
    let left: number | null = -1;
    const leaving = adminMeanwhile(stage, 'leave').then(({ code }) => (left = code));
    await eventually('it has nothing new', async () => /^DRAIN/.test(await statuses(stage)));
    assert.equal(await answerers(stage), ['two']);
    assert.is(left, -1, 'what it is at is not done yet');
    one.finish();
    await leaving;
    assert.is(left, 0);
    assert.equal((await Promise.all(long)).sort(), ['slow one', 'two']);
    reloaded(stage);
    assert.equal(await answerers(stage), ['two']);
    await written(stage, balancing(stage, ports, SELDOM));
    reloaded(stage);
    assert.equal(await answerers(stage), ['one', 'two']);
    assert.equal(await going.end(), []);
  });

  test('what takes longer than the wait is answered all the same', async (stage) => {
    const one = holding('one');
    const ports = [await listening(stage, one.listener), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports, SELDOM, { 'app-2': OUT }));
    await started(stage);
    const long = ask({ port: stage.ports.http, path: '/slow' });
    await eventually('it waits', () => one.held() === 1);
    await configured(stage, balancing(stage, ports, { ...SELDOM, leaveSeconds: 1 }, { 'app-1': OUT }));
    assert.is(one.held(), 1);
    assert.equal(await answerers(stage), ['two']);
    one.finish();
    assert.is((await long).by, 'slow one');
  });

  test('the only one switches to its other port without a request lost, and what the old port was at is answered', async (stage) => {
    const old = holding('old');
    const ports = [await listening(stage, old.listener)];
    await written(stage, balancing(stage, ports, SELDOM));
    await started(stage);
    const long = ask({ port: stage.ports.http, path: '/slow' });
    await eventually('it waits', () => old.held() === 1);
    const going = load(stage);
    const second = await listening(stage, named('new'));
    let done = false;
    const switching = configured(
      stage,
      balancing(stage, ports, SELDOM, { 'app-1': { ports: { shop: second } } }),
    ).then(() => (done = true));
    await eventually('the new one answers', async () => (await answerers(stage)).join() === 'new');
    const seen = going.answered();
    await eventually('requests went on', () => going.answered() > seen + 20);
    assert.is(done, false, 'what the old port is at is waited for');
    old.finish();
    await switching;
    assert.is((await long).by, 'slow old');
    assert.equal(await going.end(), []);
  });

  test('one that was down at its first port is not so at its second', async (stage) => {
    let check: RequestListener = (_asked, response) => response.writeHead(500).end();
    const sick = await listening(stage, (asked, response) => {
      check(asked, response);
    });
    await written(stage, balancing(stage, [sick], { checkSeconds: 60 }));
    await started(stage);
    await eventually('it is down', async () => /^DOWN/.test(await statuses(stage)));
    check = () => undefined;
    const second = await listening(stage, named('new'));
    await written(
      stage,
      balancing(stage, [sick], { checkSeconds: 60 }, { 'app-1': { ports: { shop: second } } }),
    );
    reloaded(stage);
    assert.is((await ask({ port: stage.ports.http })).status, 200);
  });

  test('each application has its own certificate, and only its domains are redirected', async (stage) => {
    const port = await listening(stage, named('one'));
    const snapshot = withReleases(
      Object.fromEntries(
        ['a', 'b'].map((name) => [
          name,
          released(['app'], { type: 'other', port, domains: [`${name}.example.com`], tls: { secret: name } }),
        ]),
      ),
      {
        roles: {
          lb: role('load-balancer', {
            haproxy: haproxyOf(stage, { tls: { port: stage.ports.https, redirect: true } }),
          }),
          app: role('custom'),
        },
        hosts: { 'lb-1': host('lb', '127.0.0.1'), 'app-1': host('app', '127.0.0.1') },
      },
    );
    const all: Readonly<Record<string, Readonly<Record<string, string>>>> = {
      a: certified(stage, 'a.example.com'),
      b: certified(stage, 'b.example.com'),
    };
    const secrets: SecretSource = (name) => Promise.resolve(all[name] ?? namedSecrets(name));
    await written(stage, snapshot, secrets);
    await started(stage);
    assert.is(await shownTo(stage, 'b.example.com'), 'b.example.com');
    assert.is(await shownTo(stage, 'a.example.com'), 'a.example.com');
    const status = async (name: string) => (await ask({ port: stage.ports.http, host: name })).status;
    assert.is(await status('b.example.com'), 301);
    assert.is(await status('other.example.com'), 200);
  });

  test('one that has just begun with its files is not waited for to be another', async (stage) => {
    await written(stage, balancing(stage, [await listening(stage, named('one'))]));
    await started(stage);
    assert.is(admin(stage, 'keep').code, 0);
    const begun = performance.now();
    assert.is(admin(stage, 'forget').code, 0);
    assert.ok(performance.now() - begun < 2_000);
    await written(stage, balancing(stage, []));
    assert.is(admin(stage, 'keep').code, 0);
    assert.not.equal(readFileSync(join(stage.root, 'servers.state.pid'), 'utf8'), '');
  });

  test('a Deployment that is at all servers takes none of them away', async (stage) => {
    const ports = [await listening(stage, named('one')), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports, SELDOM, { 'app-1': OUT, 'app-2': OUT }));
    await started(stage);
    assert.equal(await answerers(stage), ['one', 'two']);
  });
}
