import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemChance } from '../../../runtime/chance.js';
import { silentLog } from '../../../runtime/log.js';
import { expiresAt, leafOf } from '../../../server/tls/certificate.js';
import type { KeyPair, TlsIdentity } from '../../../server/tls/identity.js';
import { makeAuthority } from '../../../server/tls/issuing.js';
import { openOwnIdentity } from '../../../server/tls/own.js';
import { type VirtualClock, virtualClock } from '../../fake/clock.js';
import { untilTrue } from '../../build/gateways.js';
import { assert, suite } from '../../suite.js';

interface Context {
  folder: string;
  clock: VirtualClock;
  authority: KeyPair;
  names: string[];
  open: (authority?: KeyPair) => Promise<TlsIdentity>;
  opened: TlsIdentity[];
}

const test = suite<Context>('certificates of our own', {} as Context);

const DAY = 24 * 3_600_000;

test.beforeEach(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'scalarium-own-'));
  context.clock = virtualClock();
  context.authority = await makeAuthority('a test', { clock: context.clock, chance: systemChance });
  context.names = ['127.0.0.1', '::1', 'localhost', 'cp.example'];
  context.opened = [];
  context.open = async (authority = context.authority) => {
    const { folder, clock } = context;
    const names = (): readonly string[] => context.names;
    const sources = { folder, clock, names, authority, chance: systemChance, log: silentLog };
    const identity = await openOwnIdentity(sources);
    context.opened.push(identity);
    return identity;
  };
});

test.afterEach(({ opened, folder }) => {
  for (const identity of opened) identity.close();
  rmSync(folder, { recursive: true, force: true });
});

const leaf = (identity: TlsIdentity): X509Certificate => leafOf(identity.current().cert)!;

const isFor = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

test('is for every name and address, signed by the authority, good for a year', async (context) => {
  const identity = await context.open();
  const certificate = leaf(identity);
  for (const name of context.names) assert.ok(isFor(certificate, name), name);
  assert.not(isFor(certificate, 'elsewhere.example'));
  const issuer = new X509Certificate(context.authority.cert);
  assert.ok(certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey));
  assert.is(identity.authority, context.authority.cert);
  assert.is(expiresAt(certificate) - context.clock.now(), 365 * DAY);
  assert.is(statSync(join(context.folder, 'server.key')).mode & 0o777, 0o600);
  assert.is(readFileSync(join(context.folder, 'server.crt'), 'utf8'), identity.current().cert);
});

test('the next start uses the same, unless the authority or the names are others', async (context) => {
  const first = leaf(await context.open()).serialNumber;
  assert.is(leaf(await context.open()).serialNumber, first);
  context.names.push('10.0.0.7');
  const second = leaf(await context.open());
  assert.is.not(second.serialNumber, first);
  assert.ok(isFor(second, '10.0.0.7'));
  const other = await makeAuthority('a test', { clock: context.clock, chance: systemChance });
  assert.is.not(leaf(await context.open(other)).serialNumber, second.serialNumber);
});

const days = async ({ clock }: Context, count: number): Promise<void> => {
  for (let day = 0; day < count; day += 1) await clock.advance(DAY);
};

/** Moves on by a day; `identity` shows another certificate then, or (false) the same. */
const another = async (context: Context, identity: TlsIdentity): Promise<X509Certificate> => {
  const before = leaf(identity).serialNumber;
  await days(context, 1);
  await untilTrue('another certificate', () => leaf(identity).serialNumber !== before);
  return leaf(identity);
};

test('names that change while it runs are in another one within a day', async (context) => {
  const identity = await context.open();
  const shown: KeyPair[] = [];
  identity.changes$.subscribe((pair) => shown.push(pair));
  const first = leaf(identity).serialNumber;
  await days(context, 2);
  assert.is(leaf(identity).serialNumber, first, 'nothing changed');
  context.names.push('new.example');
  assert.ok(isFor(await another(context, identity), 'new.example'));
  assert.equal(shown, [identity.current()]);
});

test('one of which less than a month is left is replaced while it runs', async (context) => {
  const identity = await context.open();
  const first = leaf(identity).serialNumber;
  await days(context, 334);
  assert.is(leaf(identity).serialNumber, first, '31 days are left');
  await days(context, 1);
  assert.is(leaf(identity).serialNumber, first, 'a month is left');
  const next = await another(context, identity);
  assert.is(expiresAt(next) - context.clock.now(), 365 * DAY);
});

test('one that was on disk with less than a month left is not used', async (context) => {
  const first = leaf(await context.open()).serialNumber;
  context.clock.jump(336 * DAY);
  assert.is.not(leaf(await context.open()).serialNumber, first);
});
