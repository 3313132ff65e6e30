import type { Snapshot } from '../../../api-types/snapshot.js';
import { applicationPart, recipeFor } from '../../../recipes/catalog.js';
import { resourceId, type ServiceResource } from '../../../recipes/resource.js';
import { assert, suite } from '../../suite.js';
import { partOf, released, shop, withReleases, type Config } from './releases.js';
import { host, role } from './world.js';

const test = suite('what one application is on a host');

const names = (services: readonly ServiceResource[]): readonly string[] => services.map(({ name }) => name);

const WORKER = { command: 'node worker.js' };

const PARTS: readonly {
  readonly name: string;
  readonly snapshot: Snapshot;
  readonly services: readonly string[];
  readonly others: readonly string[];
  readonly takeUp: readonly string[];
  readonly at: number | string | null;
  readonly mayOverlap: boolean;
}[] = [
  {
    name: 'Node.js: web at its port, and workers',
    snapshot: shop('nodejs-app', 'nodejs', { processes: { worker: { ...WORKER, count: 2 } } }),
    services: ['scalarium-app-shop', 'scalarium-app-shop.worker', 'scalarium-app-shop.worker.2'],
    others: ['scalarium-app-shop.web.b'],
    takeUp: ['scalarium-app-shop', 'scalarium-app-shop.worker', 'scalarium-app-shop.worker.2'],
    at: 8080,
    mayOverlap: true,
  },
  {
    name: 'Node.js in its other slot: at the next port',
    snapshot: shop('nodejs-app', 'nodejs', { port: 3000 }, { slot: 'b' }),
    services: ['scalarium-app-shop.web.b'],
    others: ['scalarium-app-shop'],
    takeUp: ['scalarium-app-shop.web.b'],
    at: 3001,
    mayOverlap: true,
  },
  {
    name: 'Rails: at a socket for each slot',
    snapshot: shop('rails-app', 'rails', {}, { slot: 'b' }),
    services: ['scalarium-app-shop.web.b'],
    others: ['scalarium-app-shop'],
    takeUp: ['scalarium-app-shop.web.b'],
    at: '/srv/www/shop/shared/sockets/web-b.sock',
    mayOverlap: true,
  },
  {
    name: 'PHP: php-fpm forgets what it has compiled',
    snapshot: shop('php-app', 'php'),
    services: [],
    others: [],
    takeUp: ['php8.2-fpm', 'php-fpm'],
    at: 80,
    mayOverlap: false,
  },
  {
    name: 'PHP with workers: they are services',
    snapshot: shop('php-app', 'php', { processes: { worker: { command: 'php worker.php' } } }),
    services: ['scalarium-app-shop.worker'],
    others: [],
    takeUp: ['php8.2-fpm', 'php-fpm', 'scalarium-app-shop.worker'],
    at: 80,
    mayOverlap: false,
  },
  {
    name: 'Java with workers: they are services',
    snapshot: shop('java-app', 'java', { entry: 'shop.war', processes: { worker: WORKER } }),
    services: ['scalarium-app-shop.worker'],
    others: [],
    takeUp: ['scalarium-tomcat', 'scalarium-app-shop.worker'],
    at: 8080,
    mayOverlap: false,
  },
  {
    name: 'Java: Tomcat starts anew',
    snapshot: shop('java-app', 'java', { entry: 'shop.war' }),
    services: [],
    others: [],
    takeUp: ['scalarium-tomcat'],
    at: 8080,
    mayOverlap: false,
  },
  {
    name: 'static: nginx has nothing to be told',
    snapshot: shop('static-web', 'static'),
    services: [],
    others: [],
    takeUp: [],
    at: 80,
    mayOverlap: false,
  },
  {
    name: 'other, on hosts of a role that runs nothing else, with a port',
    snapshot: shop('custom', 'other', { port: 9000, processes: { web: { command: './serve' } } }),
    services: ['scalarium-app-shop'],
    others: ['scalarium-app-shop.web.b'],
    takeUp: ['scalarium-app-shop'],
    at: 9000,
    mayOverlap: true,
  },
  {
    name: 'other without a port: it answers nobody',
    snapshot: shop('memcached', 'other', { processes: { web: { command: './serve' }, clock: WORKER } }),
    services: ['scalarium-app-shop', 'scalarium-app-shop.clock'],
    others: [],
    takeUp: ['scalarium-app-shop', 'scalarium-app-shop.clock'],
    at: null,
    mayOverlap: false,
  },
  {
    name: 'other that only works',
    snapshot: shop('nodejs-app', 'other', { processes: { worker: WORKER } }),
    services: ['scalarium-app-shop.worker'],
    others: [],
    takeUp: ['scalarium-app-shop.worker'],
    at: null,
    mayOverlap: false,
  },
];

for (const { name, snapshot, services, others, takeUp, at, mayOverlap } of PARTS)
  test(name, () => {
    const part = partOf(snapshot);
    assert.equal(names(part.services), services);
    assert.equal(names(part.others), others);
    assert.equal(
      part.takeUp.map(({ resource }) => resource),
      takeUp.map((service) => `service[${service}]`),
    );
    assert.equal([part.at, part.mayOverlap], [at, mayOverlap]);
    const ids = new Set([...part.files, ...part.services].map(resourceId));
    const notified = [...part.files.flatMap(({ notifies = [] }) => notifies), ...part.takeUp];
    assert.equal(
      notified.filter(({ resource }) => !ids.has(resource)),
      [],
      'what is notified is there',
    );
    const own = new Set(names(part.services).map((one) => `service[${one}]`));
    assert.equal(
      part.files.flatMap(({ notifies = [] }) => notifies.filter(({ resource }) => own.has(resource))),
      [],
      'its own services are not notified',
    );
  });

test('its start file is of its own release, and what the other slot starts with is not written', () => {
  const part = partOf(shop('nodejs-app', 'nodejs', { environment: { KEY: 'new' } }, { slot: 'b' }));
  const files = part.files.filter(
    (one) => 'path' in one && one.path.startsWith('/etc/scalarium/applications/'),
  );
  assert.equal(files.map(resourceId), [
    'template[/etc/scalarium/applications/shop.web.b.env]',
    'file[/etc/scalarium/applications/shop.web.b.start]',
  ]);
  const start = files.flatMap((one) => (one.type === 'file' ? [one.content] : []));
  assert.match(start[0] ?? '', /\/srv\/www\/shop\/releases\/3"\n/);
  assert.not.match(start[0] ?? '', /current/);
  assert.match(
    part.services[0]?.unit ?? '',
    /EnvironmentFile=\/etc\/scalarium\/applications\/shop\.web\.b\.env/,
  );
});

const twoPorts = (first: number, second: number, slot: 'a' | 'b' = 'a'): Snapshot =>
  withReleases({
    shop: released(['app'], { type: 'nodejs', port: first }, { slot }),
    blog: released(['app'], { type: 'nodejs', port: second }),
  });

test('a second port that is another application’s is none', () => {
  assert.is(partOf(twoPorts(3000, 3001)).mayOverlap, false);
  assert.is(partOf(twoPorts(3000, 3001), 'app-1', 'blog').mayOverlap, true);
  assert.is(partOf(twoPorts(3000, 3002)).mayOverlap, true);
});

/** Two roles on one host, with an application each. */
const onBoth = (first: Config, second: Config, kind: 'nodejs' | 'static' = 'nodejs'): Snapshot =>
  withReleases(
    {
      shop: released(['app'], { type: 'nodejs', processes: { worker: WORKER }, ...first }),
      'shop-worker': released(['api'], { type: kind, ...second }),
    },
    {
      roles: { app: role('nodejs-app'), api: role(kind === 'static' ? 'static-web' : 'nodejs-app') },
      hosts: { 'app-1': host('app', '127.0.2.1', { roles: ['api'] }) },
    },
  );

test('no two services on a host are one, however applications and processes are called', () => {
  const snapshot = onBoth({ port: 3000, processes: { worker: WORKER, b: WORKER } }, { port: 3001 });
  const all = ['shop', 'shop-worker'].flatMap((name) => {
    const { services, others } = partOf(snapshot, 'app-1', name);
    return names([...services, ...others]);
  });
  assert.equal(all, [
    'scalarium-app-shop',
    'scalarium-app-shop.worker',
    'scalarium-app-shop.b',
    'scalarium-app-shop-worker',
    'scalarium-app-shop-worker.web.b',
  ]);
});

test('a second port that is one of another role of the host is none', () => {
  assert.is(partOf(onBoth({ port: 3000 }, { port: 3001 })).mayOverlap, false);
  assert.is(partOf(onBoth({ port: 3000 }, { port: 3002 })).mayOverlap, true);
});

const refusals = (snapshot: Snapshot): readonly string[] =>
  recipeFor('configure', snapshot, 'app-1').flatMap((one) => (one.type === 'refusal' ? [one.name] : []));

test('configure refuses the role whose application has the port of one before it, and no other', () => {
  assert.equal(refusals(onBoth({}, {})), ['api']);
  assert.equal(refusals(onBoth({}, { port: 3000 })), []);
  const waiting = { ...onBoth({}, {}), applications: {} };
  assert.equal(refusals(waiting), [], 'what waits for code has nobody’s port');
});

const REFUSED: readonly { readonly name: string; readonly snapshot: Snapshot; readonly why: RegExp }[] = [
  {
    name: 'two at one port',
    snapshot: twoPorts(3000, 3000),
    why: /port of the application shop: expected a port of its own, got 3000, which is that of blog/,
  },
  {
    name: 'one at the second port of another that has switched to it',
    snapshot: twoPorts(3000, 3001, 'b'),
    why: /port of the application blog: expected a port of its own, got 3001, which is that of shop/,
  },
  {
    name: 'a type that the hosts of the role do not run',
    snapshot: shop('rails-app', 'nodejs'),
    why: /the application shop is of type nodejs: hosts of app \(rails-app\) do not run such/,
  },
  {
    name: 'a process without a command',
    snapshot: shop('nodejs-app', 'nodejs', { processes: { worker: { count: 1 } } }),
    why: /the application shop: processes.worker: expected a command/,
  },
  {
    name: 'one at the port of another role of the host',
    snapshot: onBoth({}, {}),
    why: /the role api: port of the application shop-worker: expected a port of its own, got 8080, which is that of shop/,
  },
  {
    name: 'one at the port that nginx has for another role of the host',
    snapshot: onBoth({ port: 80 }, {}, 'static'),
    why: /expected a port of its own, got 80, which is that of/,
  },
];

for (const { name, snapshot, why } of REFUSED)
  test(`refused: ${name}`, () => {
    assert.throws(() => applicationPart(snapshot, 'app-1', 'shop'), why);
  });

test('hosts that a release is not for have no part of it', () => {
  const snapshot = shop('nodejs-app', 'nodejs');
  assert.is(applicationPart(snapshot, 'db-1', 'shop'), null);
  assert.is(applicationPart(snapshot, 'app-1', 'gone'), null);
});
