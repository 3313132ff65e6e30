import type { Snapshot } from '../../../api-types/snapshot.js';
import { servingOfRole, servingOfType } from '../../../recipes/members.js';
import { assert, suite } from '../../suite.js';
import { theFile } from './texts.js';
import { host, role, snapshotOf } from './world.js';

const test = suite('whom others are told of');

/** Not heard of; it was Ready. */
const silent = { ready: false, unheard: true };

type Ready = Readonly<Record<string, boolean>>;

/** Hosts of the role db, by name: Ready or not. */
const masters = (hosts: Ready): Snapshot =>
  snapshotOf({
    hosts: Object.fromEntries(
      Object.entries(hosts).map(([name, ready], at) => [
        name,
        host('db', `10.0.0.${String(at + 1)}`, ready ? {} : silent),
      ]),
    ),
  });

const ROWS: readonly { readonly name: string; readonly hosts: Ready; readonly told: readonly string[] }[] = [
  { name: 'nobody is there: nobody', hosts: {}, told: [] },
  {
    name: 'all are Ready: all, as people count',
    hosts: { 'db-10': true, 'db-2': true },
    told: ['db-2', 'db-10'],
  },
  { name: 'some are Ready: those', hosts: { 'db-1': false, 'db-2': true, 'db-3': false }, told: ['db-2'] },
  { name: 'one, which is silent: that one', hosts: { 'db-1': false }, told: ['db-1'] },
  { name: 'all are silent: all', hosts: { 'db-1': false, 'db-2': false }, told: ['db-1', 'db-2'] },
];

for (const { name, hosts, told } of ROWS)
  test(name, () => {
    const names = (members: readonly { readonly name: string }[]): readonly string[] =>
      members.map((member) => member.name);
    assert.equal(names(servingOfRole(masters(hosts), 'db')), told);
    assert.equal(names(servingOfType(masters(hosts), 'db-master')), told);
  });

test('one whose address nobody knows is nobody to be told of', () => {
  const hosts = { 'db-1': host('db', '', silent) };
  assert.equal(servingOfRole(snapshotOf({ hosts }), 'db'), []);
});

test('one that was never Ready is nobody to be told of', () => {
  const hosts = { 'db-1': host('db', '10.0.0.1', { ready: false }) };
  assert.equal(servingOfRole(snapshotOf({ hosts }), 'db'), []);
});

const without = (...names: readonly string[]): Snapshot =>
  snapshotOf({
    hosts: Object.fromEntries(
      Object.entries(snapshotOf().hosts).map(([name, one]) => [
        name,
        names.includes(name) ? { ...one, ...silent } : one,
      ]),
    ),
  });

test('applications keep their database and caches while these are silent', async () => {
  const path = '/etc/scalarium/environment';
  const quiet = without('db-1', 'cache-1', 'db-replica-1');
  assert.is(await theFile(quiet, 'app-1', path), await theFile(snapshotOf(), 'app-1', path));
});

test('an application that two roles serve: hosts of one that are silent do not stand in for the Ready ones of the other', async () => {
  const served = async (web: boolean, app: boolean): Promise<readonly string[]> => {
    const snapshot = snapshotOf({
      attributes: { applications: { shop: { roles: ['web', 'app'] } } },
      roles: { lb: role('load-balancer'), app: role('nodejs-app'), web: role('static-web') },
      hosts: {
        'lb-1': host('lb', '10.0.0.1'),
        'app-1': host('app', '10.0.0.2', app ? {} : silent),
        'web-1': host('web', '10.0.0.3', web ? {} : silent),
      },
    });
    const config = await theFile(snapshot, 'lb-1', '/etc/haproxy/haproxy.cfg');
    return [...config.matchAll(/ server (\S+) /g)].map((match) => match[1] ?? '');
  };
  assert.equal(await served(true, true), ['app-1', 'web-1']);
  assert.equal(await served(true, false), ['web-1']);
  assert.equal(await served(false, false), ['app-1', 'web-1']);
});
