/** HAProxy as the load balancer's role configures it, by the real program, before servers of this process. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { SecretSource } from '../../recipes/secrets.js';
import { eventually } from '../e2e/world.js';
import { assert } from '../suite.js';
import { namedSecrets } from '../unit/recipes/texts.js';
import { host, role, snapshotOf } from '../unit/recipes/world.js';
import {
  admin,
  ask,
  balancing,
  checkedBy,
  haproxyOf,
  installed,
  listening,
  named,
  onBalancer,
  reloaded,
  started,
  statuses,
  written,
} from './balancer.js';

const test = onBalancer('a load balancer by the real HAProxy');

if (!installed)
  test('NOT RUN: there is no haproxy, socat or openssl here', () => {
    process.stderr.write('\n*** HAPROXY: NOT TESTED HERE: haproxy, socat or openssl is missing ***\n');
  });
else {
  test('without a server every request is answered with 503', async (stage) => {
    await written(stage, balancing(stage, []));
    await started(stage);
    assert.is((await ask({ port: stage.ports.http })).status, 503);
  });

  test('servers answer in turn; the statistics want a password', async (stage) => {
    const ports = [await listening(stage, named('one')), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports));
    await started(stage);
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push((await ask({ port: stage.ports.http })).by);
    assert.equal([...answers].sort(), ['one', 'one', 'two', 'two']);
    assert.is((await ask({ port: stage.ports.statistics })).status, 401);
    await checkedBy(stage, 2);
  });

  test('applications by domain and path, with TLS, and a TCP port', async (stage) => {
    const [shop, blog, api] = [
      await listening(stage, named('shop')),
      await listening(stage, (asked, response) =>
        response.end(`blog ${asked.headers['x-forwarded-proto'] as string}`),
      ),
      await listening(stage, named('api')),
    ];
    const made = spawnSync('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:prime256v1',
        '-nodes',
        '-days',
        '1',
      ],
      ...[
        '-subj',
        '/CN=blog.example.com',
        '-keyout',
        join(stage.root, 'key'),
        '-out',
        join(stage.root, 'crt'),
      ],
    ]);
    assert.is(made.status, 0);
    const read = (name: string): string => readFileSync(join(stage.root, name), 'utf8');
    const secrets: SecretSource = (name) =>
      name === 'tls' ? Promise.resolve({ certificate: read('crt'), key: read('key') }) : namedSecrets(name);
    const snapshot = snapshotOf({
      roles: {
        lb: role('load-balancer', {
          haproxy: haproxyOf(stage, {
            tls: { secret: 'tls', port: stage.ports.https },
            defaultApplication: 'shop',
            tcp: { raw: { port: stage.ports.tcp, role: 'web', serverPort: api } },
          }),
        }),
        web: role('nodejs-app', {
          applications: {
            shop: { port: shop },
            blog: { port: blog, domains: ['blog.example.com', '*.blogs.example.com'] },
            api: { port: api, domains: ['blog.example.com'], path: '/api' },
          },
        }),
      },
      hosts: { 'lb-1': host('lb', '127.0.0.1'), 'web-1': host('web', '127.0.0.1') },
    });
    await written(stage, snapshot, secrets);
    await started(stage);
    const by = async (name: string, path = '/', secure = false): Promise<string> =>
      (await ask({ port: secure ? stage.ports.https : stage.ports.http, host: name, path, secure })).by;
    assert.is(await by('anything'), 'shop');
    assert.is(await by('blog.example.com'), 'blog http');
    assert.is(await by('BLOG.example.com:8080', '/x'), 'blog http');
    assert.is(await by('jane.blogs.example.com'), 'blog http');
    assert.is(await by('blogs.example.com'), 'shop');
    assert.is(await by('evilblog.example.com'), 'shop');
    assert.is(await by('blog.example.com', '/api/v1'), 'api');
    assert.is(await by('blog.example.com', '/api'), 'api');
    assert.is(await by('blog.example.com', '/apis'), 'blog http');
    assert.is(await by('other', '/api'), 'shop');
    assert.is(await by('blog.example.com', '/', true), 'blog https');
    assert.is((await ask({ port: stage.ports.tcp })).by, 'api');
  });

  test('a server that is killed costs the requests in flight to it that may not be sent twice, and no other', async (stage) => {
    let inFlight = 0;
    const slow: RequestListener = (asked, response) => {
      if (asked.url === '/slow') inFlight += 1;
      else response.end('one');
    };
    const ports = [await listening(stage, slow), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports));
    await started(stage);
    await checkedBy(stage, 2);
    const ways = (count: number, method: string, path: string): readonly Promise<number>[] =>
      Array.from({ length: count }, () =>
        ask({ port: stage.ports.http, method, path }).then(
          ({ status }) => status,
          () => 0,
        ),
      );
    const held = [...ways(6, 'POST', '/slow'), ...ways(6, 'GET', '/slow')];
    await eventually('half of them wait', () => inFlight === 6);
    const [victim] = stage.servers;
    victim?.closeAllConnections();
    victim?.close();
    const statuses = await Promise.all(held);
    const lost = statuses.filter((status) => status !== 200).length;
    assert.ok(lost <= 6, `${String(lost)} lost: ${statuses.join()}`);
    assert.equal(statuses.slice(6), [200, 200, 200, 200, 200, 200]);
    const after = await Promise.all([...ways(20, 'POST', '/'), ...ways(20, 'GET', '/')]);
    assert.equal(
      after.filter((status) => status !== 200),
      [],
    );
  });

  test('a reload loses no connection, and what a server that left is answering is heard to its end', async (stage) => {
    let finish = (): void => undefined;
    const slow: RequestListener = (asked, response) => {
      if (asked.url !== '/slow') response.end('one');
      else finish = () => response.end('slow');
    };
    const ports = [await listening(stage, slow), await listening(stage, named('two'))];
    const [first = 0, second = 0] = ports;
    await written(stage, balancing(stage, [first]));
    await started(stage);
    const long = ask({ port: stage.ports.http, path: '/slow' });
    const idle = finish;
    await eventually('it is being answered', () => finish !== idle);
    assert.is(admin(stage, 'leaving').code, 0);
    await written(stage, balancing(stage, []));
    assert.equal(admin(stage, 'leaving'), { code: 1, said: 'app-shop/app-1' });
    let going = true;
    const failures: unknown[] = [];
    let answered = 0;
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (going)
          await ask({ port: stage.ports.http }).then(
            ({ status }) => (status === 200 ? (answered += 1) : failures.push(status)),
            (error: unknown) => failures.push(error),
          );
      }),
    );
    for (const servers of [[first, second], ports, [second]]) {
      const seen = answered;
      await written(stage, balancing(stage, servers));
      stage.balancer?.kill('SIGUSR2');
      await eventually('requests went on', () => answered > seen + 20);
    }
    await eventually('only the second is left', async () => {
      const said = new Set<string>();
      for (let count = 0; count < 6; count += 1) said.add((await ask({ port: stage.ports.http })).by);
      return said.size === 1 && said.has('two');
    });
    going = false;
    await load;
    assert.equal(failures, []);
    finish();
    assert.is((await long).by, 'slow');
  });

  test('a server that is down stays so over a reload, and one with another address is a new one', async (stage) => {
    const silent: RequestListener = () => undefined;
    let check: RequestListener = (_asked, response) => response.writeHead(500).end();
    const alive = await listening(stage, named('one'));
    const sick = await listening(stage, (asked, response) => {
      check(asked, response);
    });
    const other = await listening(stage, silent);
    const slow = { checkSeconds: 60 };
    await written(stage, balancing(stage, [alive, sick], slow));
    await started(stage);
    await eventually('the second is down', async () => (await statuses(stage)) === 'UP,DOWN');
    // from now on its checks have no result: it is what the process was told
    check = silent;
    await written(stage, balancing(stage, [alive, sick, alive], slow));
    reloaded(stage);
    assert.is((await statuses(stage)).split(',')[1], 'DOWN');
    assert.is(admin(stage, 'drain', 'app-3').code, 0);
    await written(stage, balancing(stage, [alive, other, alive], slow));
    reloaded(stage);
    assert.match(await statuses(stage), /^UP.*,UP.*,UP.*$/);
  });

  test('a server that was drained and is wanted after all gets requests again', async (stage) => {
    const ports = [await listening(stage, named('one')), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports));
    await started(stage);
    await written(stage, balancing(stage, ports.slice(0, 1)));
    assert.is(admin(stage, 'leave').code, 0);
    assert.match((await statuses(stage)).split(',')[1] ?? '', /^DRAIN/);
    await written(stage, balancing(stage, ports));
    assert.equal(admin(stage, 'leaving'), { code: 1, said: 'app-shop/app-2' });
    assert.is(admin(stage, 'back').code, 0);
    assert.equal(admin(stage, 'leaving'), { code: 0, said: '' });
    const answers = new Set<string>();
    for (let count = 0; count < 6; count += 1) answers.add((await ask({ port: stage.ports.http })).by);
    assert.equal([...answers].sort(), ['one', 'two']);
  });

  test('drained servers get no new requests; at the end nothing new is taken and the last is waited for', async (stage) => {
    let finish = (): void => undefined;
    const slow: RequestListener = (asked, response) => {
      if (asked.url !== '/slow') response.end('one');
      else finish = () => response.end('slow');
    };
    const ports = [await listening(stage, slow), await listening(stage, named('two'))];
    await written(stage, balancing(stage, ports));
    await started(stage);
    assert.is(admin(stage, 'drain', 'app-2').code, 0);
    const answers = new Set<string>();
    for (let count = 0; count < 6; count += 1) answers.add((await ask({ port: stage.ports.http })).by);
    assert.equal([...answers], ['one']);
    assert.is(admin(stage, 'ready', 'app-2').code, 0);
    assert.is(admin(stage, 'drain', 'app-2').code, 0);
    const idle = finish;
    const long = ask({ port: stage.ports.http, path: '/slow' });
    await eventually('it is being answered', () => finish !== idle);
    assert.equal(admin(stage, 'finish', '1'), { code: 0, said: 'connections left: 1' });
    const refused = await new Promise((resolve) => {
      const tried = connect(stage.ports.http, '127.0.0.1');
      tried.once('error', () => {
        resolve(true);
      });
      tried.once('connect', () => {
        tried.destroy();
        resolve(false);
      });
    });
    finish();
    assert.is((await long).by, 'slow');
    assert.equal(admin(stage, 'finish', '30'), { code: 0, said: 'connections left: 0' });
    assert.is(refused, true);
  });
}
