import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { systemChance } from '../../../runtime/chance.js';
import { silentLog } from '../../../runtime/log.js';
import { openGivenIdentity } from '../../../server/tls/given.js';
import type { KeyPair } from '../../../server/tls/identity.js';
import { issue, makeAuthority } from '../../../server/tls/issuing.js';
import { type VirtualClock, virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

interface Context {
  folder: string;
  clock: VirtualClock;
  authority: KeyPair;
  one: KeyPair;
  two: KeyPair;
}

const test = suite<Context>('a certificate that is given', {} as Context);

const YEAR = 365 * 24 * 3_600_000;

const write = ({ folder }: Context, texts: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
};

const fileOf = ({ folder }: Context, name: string): string => join(folder, name);

const open = (context: Context, ca: string | null = null) => {
  const files = { cert: fileOf(context, 'crt'), key: fileOf(context, 'key'), ca };
  return openGivenIdentity(files, context.clock, silentLog);
};

const leafOnly = ({ cert }: KeyPair): string => new X509Certificate(cert).toString();

test.before(async (context) => {
  context.clock = virtualClock();
  const sources = { clock: context.clock, chance: systemChance };
  context.authority = await makeAuthority('of somebody', sources);
  context.one = await issue(context.authority, ['cp.example'], sources);
  context.two = await issue(context.authority, ['cp.example'], sources);
});

test.beforeEach((context) => {
  context.clock = virtualClock();
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-given-'));
  write(context, { crt: context.one.cert, key: context.one.key, ca: context.authority.cert });
});

test.afterEach(({ folder }) => {
  rmSync(folder, { recursive: true, force: true });
});

test('is shown as it is; agents trust the issuer that is given, or the last of the chain', (context) => {
  const identity = open(context);
  assert.equal(identity.current(), context.one);
  assert.is(identity.authority?.trim(), context.authority.cert.trim());
  identity.close();
  write(context, { crt: leafOnly(context.one) });
  const bare = open(context);
  assert.is(bare.authority, null, 'whom everybody trusts');
  bare.close();
  const told = open(context, fileOf(context, 'ca'));
  assert.is(told.authority, context.authority.cert);
  told.close();
});

interface Refusal {
  readonly what: string;
  readonly make: (context: Context) => void;
  readonly expected: RegExp;
}

const REFUSALS: readonly Refusal[] = [
  {
    what: 'the key of another',
    make: (context) => {
      write(context, { key: context.two.key });
    },
    expected: /^--tls-key \S+: expected the private key of the certificate in \S+, got another$/,
  },
  {
    what: 'no key at all',
    make: (context) => {
      write(context, { key: 'nonsense' });
    },
    expected: /^--tls-key \S+: expected the private key/,
  },
  {
    what: 'an expired one',
    make: ({ clock }) => {
      clock.jump(2 * YEAR);
    },
    expected: /^--tls-cert \S+: the certificate expired at 2027-\S+: give one that is still good$/,
  },
  {
    what: 'one of tomorrow',
    make: ({ clock }) => {
      clock.jump(-YEAR);
    },
    expected: /^--tls-cert \S+: the certificate is not good before 2025-/,
  },
  {
    what: 'no certificate',
    make: (context) => {
      write(context, { crt: 'nonsense' });
    },
    expected: /^--tls-cert \S+: expected a certificate in PEM/,
  },
  {
    what: 'half a certificate',
    make: (context) => {
      write(context, { crt: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' });
    },
    expected: /^--tls-cert \S+: expected a certificate in PEM/,
  },
  {
    what: 'a file that is not there',
    make: (context) => {
      rmSync(fileOf(context, 'key'));
    },
    expected: /^--tls-key \S+: there is no such file$/,
  },
  {
    what: 'what cannot be read',
    make: (context) => {
      // root can read every file, but no folder as one
      rmSync(fileOf(context, 'crt'));
      mkdirSync(fileOf(context, 'crt'));
    },
    expected: /^--tls-cert \S+: it cannot be read: EISDIR/,
  },
  {
    what: 'an issuer that is no certificate',
    make: (context) => {
      write(context, { ca: 'nonsense' });
    },
    expected: /^--tls-ca \S+: expected certificates in PEM/,
  },
];

for (const { what, make, expected } of REFUSALS)
  test(`${what} is refused with a line that says so`, (context) => {
    make(context);
    assert.throws(
      () => open(context, fileOf(context, 'ca')),
      (error: Error) => expected.test(error.message),
    );
  });

test('new files are shown within half a minute, without a restart', async (context) => {
  const identity = open(context);
  const shown: KeyPair[] = [];
  identity.changes$.subscribe((pair) => shown.push(pair));
  await context.clock.advance(60_000);
  assert.equal(shown, [], 'nothing changed');
  write(context, { crt: context.two.cert });
  await context.clock.advance(30_000);
  assert.equal(identity.current(), context.one, 'its key has not come yet');
  write(context, { key: context.two.key });
  await context.clock.advance(30_000);
  assert.equal(shown, [context.two]);
  assert.equal(identity.current(), context.two);
  identity.close();
  assert.is(context.clock.pending(), 0);
});
