/** Sites, PHP, Node.js, a cache and monitoring by the real programs as roles configure them, in a machine that is thrown away. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { hostname } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { RoleType } from '../../api-types/kinds/role.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { applyResources, type Applied } from '../../recipes/apply.js';
import { recipeFor } from '../../recipes/catalog.js';
import type { Platform } from '../../recipes/platform.js';
import type { Resource } from '../../recipes/resource.js';
import { silentLog } from '../../runtime/log.js';
import { daemons } from '../build/daemons.js';
import { freePort } from '../build/free-port.js';
import { inOwnMachine, isOwnMachine, noOwnMachine } from '../build/own-machine.js';
import { eventually } from '../e2e/world.js';
import { assert, suite } from '../suite.js';
import { namedSecrets } from '../unit/recipes/texts.js';
import { host, role, snapshotOf } from '../unit/recipes/world.js';

const missing = [
  'haproxy',
  'socat',
  'nginx',
  'php-fpm8.2',
  'memcached',
  'promtool',
  'prometheus-node-exporter',
].filter((program) => spawnSync(program, ['-V']).error !== undefined);

/** As an environment file of systemd, of which these need no quotes. */
const environmentOf = (...files: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    files
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .filter((line) => line.includes('='))
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );

const argumentsIn = (file: string): readonly string[] =>
  (/^ARGS="(.*)"$/m.exec(readFileSync(file, 'utf8'))?.[1] ?? '').split(' ');

const real = (): void => {
  const test = suite('roles of the web on a real machine');

  const services = daemons({
    nginx: { command: () => ['nginx', '-g', 'daemon off;'], reload: 'SIGHUP', stop: 'SIGQUIT' },
    'php8.2-fpm': {
      command: () => ['php-fpm8.2', '--nodaemonize', '--fpm-config', '/etc/php/8.2/fpm/php-fpm.conf'],
      reload: 'SIGUSR2',
      stop: 'SIGQUIT',
    },
    memcached: {
      command: () => [
        'memcached',
        ...readFileSync('/etc/memcached.conf', 'utf8')
          .split('\n')
          .filter((line) => line.startsWith('-'))
          .flatMap((line) => line.split(' ')),
      ],
    },
    'scalarium-app-shop': {
      command: () => [
        'env',
        ...Object.entries(
          environmentOf('/etc/scalarium/environment', '/etc/scalarium/applications/shop.env'),
        ).map(([name, value]) => `${name}=${value}`),
        'sh',
        '/etc/scalarium/applications/shop.start',
      ],
    },
    haproxy: { command: () => ['haproxy', '-W', '-db', '-f', '/etc/haproxy/haproxy.cfg'], reload: 'SIGUSR2' },
    prometheus: {
      command: () => [
        'prometheus',
        '--config.file=/etc/prometheus/prometheus.yml',
        '--storage.tsdb.path=/tmp/prometheus',
        ...argumentsIn('/etc/default/prometheus'),
      ],
    },
    'prometheus-node-exporter': {
      command: () => ['prometheus-node-exporter', ...argumentsIn('/etc/default/prometheus-node-exporter')],
    },
  });
  test.after(() => services.end());

  const platform: Platform = { packages: 'apt', family: 'debian', root: '/', services, init: 'supervisor' };
  const apply = (resources: readonly Resource[]): Promise<Applied> =>
    applyResources(resources, {
      root: '/',
      platform,
      secrets: namedSecrets,
      signal: new AbortController().signal,
      log: silentLog,
    });
  const run = (snapshot: Snapshot, instance: string): Promise<Applied> =>
    apply(recipeFor('configure', snapshot, instance));

  const converged = async (snapshot: Snapshot, instance: string): Promise<void> => {
    assert.is((await run(snapshot, instance)).failure, null);
    const again = await run(snapshot, instance);
    assert.equal([again.failure, again.changed], [null, []]);
  };

  const alone = (type: RoleType, attributes: Readonly<Record<string, unknown>>): Snapshot =>
    snapshotOf({
      roles: { ...snapshotOf().roles, web: role(type, attributes) },
      hosts: { ...snapshotOf().hosts, 'web-1': host('web', '127.0.0.1') },
    });

  const page = (port: number, path = '/', name = 'localhost'): Promise<string> =>
    fetch(`http://127.0.0.1:${String(port)}${path}`, { headers: { host: name } }).then(
      async (answer) => `${String(answer.status)} ${await answer.text()}`,
      () => '',
    );

  const code = (application: string, files: Readonly<Record<string, string>>): void => {
    const release = `/srv/www/${application}/releases/1`;
    mkdirSync(release, { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(`${release}/${name}`, text);
    symlinkSync('releases/1', `/srv/www/${application}/current`);
  };

  test('sites by their domains; nothing that begins with a dot', async () => {
    const port = await freePort();
    const sites = { one: {}, two: { domains: ['two.example.com'] } };
    await converged(alone('static-web', { nginx: { port }, applications: sites }), 'web-1');
    assert.is(hostname(), 'web-1');
    if (existsSync('/usr/share/zoneinfo/Europe/Berlin'))
      assert.is(realpathSync('/etc/localtime'), realpathSync('/usr/share/zoneinfo/Europe/Berlin'));
    assert.match(await page(port), /^404/);
    code('one', { 'index.html': 'first', '.env': 'SECRET' });
    code('two', { 'index.html': 'second' });
    assert.is(await page(port), '200 first');
    assert.match(await page(port, '/.env'), /^404/);
    const asked = spawnSync('curl', [
      '-s',
      '-H',
      'Host: two.example.com',
      `http://127.0.0.1:${String(port)}/`,
    ]);
    if (asked.error === undefined) assert.is(asked.stdout.toString(), 'second');
    await services.stop('nginx');
  });

  test('a configuration that nginx refuses never comes into force', async () => {
    const port = await freePort();
    const snapshot = alone('static-web', { nginx: { port }, applications: { one: { documentRoot: 'a' } } });
    await converged(snapshot, 'web-1');
    const resources = recipeFor('configure', snapshot, 'web-1').map((resource) =>
      resource.type === 'file' && resource.path.endsWith('scalarium-web.conf')
        ? { ...resource, content: 'server { listen 80 }\n' }
        : resource,
    );
    const { failure } = await apply(resources);
    assert.match(failure ?? '', /conf\.d\/scalarium-web\.conf\]: the new content is not accepted/);
    assert.match(readFileSync('/etc/nginx/conf.d/scalarium-web.conf', 'utf8'), '/srv/www/one/current/a');
    await services.stop('nginx');
  });

  test('PHP sees its environment, secrets with whatever is in them, and the front controller', async () => {
    const port = await freePort();
    const environment = { ODD: `it's "$HOME" \\ here`, PLAIN: 'a;b' };
    await converged(
      alone('php-app', { nginx: { port }, php: { modules: [] }, applications: { blog: { environment } } }),
      'web-1',
    );
    code('blog', {
      'index.php':
        '<?php echo getenv("ODD"), "|", getenv("PLAIN"), "|", getenv("DATABASE_PASSWORD"), "|", $_SERVER["REQUEST_URI"], "|", get_current_user(), "|", ini_get("memory_limit");',
    });
    const said = await eventually('an answer', async () => {
      const text = await page(port, '/any/where');
      return text.startsWith('200') ? text : null;
    });
    assert.match(said, `200 ${environment.ODD}|a;b|db-mysql/password|/any/where|`);
    assert.match(said, '|128M');
    writeFileSync(
      '/srv/www/blog/current/slow.php',
      '<?php touch("/tmp/begun"); while (!file_exists("/tmp/go")) { usleep(50000); clearstatcache(); } echo "heard";',
    );
    const slow = page(port, '/slow.php');
    await eventually('it is being answered', () => existsSync('/tmp/begun'));
    await services.reload('php8.2-fpm');
    const next = page(port, '/any/where');
    writeFileSync('/tmp/go', '');
    assert.is(await slow, '200 heard');
    assert.match(await next, '|128M');
    await services.stop('nginx');
    await services.stop('php8.2-fpm');
  });

  test('a Node.js application starts as soon as its code is there', async () => {
    const port = await freePort();
    await converged(
      alone('nodejs-app', { nodejs: { program: process.execPath }, applications: { shop: { port } } }),
      'web-1',
    );
    assert.is(await page(port), '');
    code('shop', {
      'server.js':
        "require('http').createServer((asked, answer) => answer.end([process.env.DATABASE_HOST, process.env.DATABASE_PASSWORD, process.cwd()].join(' '))).listen(process.env.PORT);",
    });
    const said = await eventually('an answer', async () => (await page(port)) || null);
    assert.is(said, '200 127.0.3.1 db-mysql/password /srv/www/shop/releases/1');
    await services.stop('scalarium-app-shop');
  });

  test('a load balancer is checked before it is reloaded, and drains servers that leave', async () => {
    const [port, statistics] = [await freePort(), await freePort()];
    const haproxy = { port, statistics: { port: statistics }, maxConnections: 200 };
    const base = alone('load-balancer', { haproxy, nodejs: {} });
    await converged(base, 'web-1');
    await eventually('it answers', async () => (await page(port)) !== '');
    const fewer = { ...base, hosts: { ...base.hosts, 'app-10': { ...base.hosts['app-10']!, ready: false } } };
    services.calls.length = 0;
    const { failure, changed } = await run(fewer, 'web-1');
    assert.is(failure, null);
    // that nobody is at these addresses HAProxy may know already: then nobody has to be drained before the reload
    const whatever = ['execute[give servers that stay their requests]', 'execute[drain servers that leave]'];
    assert.equal(
      changed.filter((one) => !whatever.includes(one)),
      [
        'file[/usr/local/lib/scalarium/haproxy-servers]',
        'template[/etc/haproxy/haproxy.cfg]',
        'execute[keep how servers are]',
        'execute[forget how servers were]',
        'execute[wait for servers that left]',
      ],
    );
    assert.equal(services.calls, ['reload haproxy']);
    const odd = {
      ...base.roles,
      web: role('load-balancer', { haproxy: { ...haproxy, balance: 'by luck' } }),
    };
    const other = { ...base.hosts, 'app-1': { ...base.hosts['app-1']!, ready: false } };
    const refused = await run({ ...base, hosts: other, roles: odd }, 'web-1');
    assert.match(refused.failure ?? '', /haproxy\.cfg\]: the new content is not accepted: .*balance/s);
    assert.match(readFileSync('/etc/haproxy/haproxy.cfg', 'utf8'), 'balance roundrobin');
    assert.is((await run(fewer, 'web-1')).failure, null);
    assert.equal((await run(fewer, 'web-1')).changed, []);
    const ended = await apply(recipeFor('shutdown', base, 'web-1'));
    assert.equal(
      [ended.failure, ended.changed],
      [null, ['execute[finish what is being answered]', 'service[haproxy]']],
    );
  });

  test('a cache remembers', async () => {
    const port = await freePort();
    await converged(alone('memcached', { memcached: { port, bindAddress: '127.0.0.1' } }), 'web-1');
    const said = await eventually(
      'an answer',
      () =>
        new Promise<string | null>((resolve) => {
          const socket = connect(port, '127.0.0.1', () =>
            socket.write('set a 0 60 1\r\n7\r\nget a\r\nquit\r\n'),
          );
          let text = '';
          socket.on('data', (chunk) => (text += chunk.toString()));
          socket.on('close', () => {
            resolve(text === '' ? null : text);
          });
          socket.on('error', () => undefined);
        }),
    );
    assert.is(said, 'STORED\r\nVALUE a 0 1\r\n7\r\nEND\r\n');
    await services.stop('memcached');
  });

  test('Prometheus asks every host', async () => {
    const [port, exporter] = [await freePort(), await freePort()];
    const snapshot = snapshotOf({
      roles: {
        watch: role('monitoring', { prometheus: { port, scrapeSeconds: 1 }, exporter: { port: exporter } }),
        cache: role('custom'),
      },
      hosts: { 'watch-1': host('watch', '127.0.0.1'), 'cache-1': host('cache', '127.0.0.2') },
    });
    await converged(snapshot, 'watch-1');
    const up = `http://127.0.0.1:${String(port)}/api/v1/query?query=up`;
    await eventually('both hosts are up', async () => {
      const answer = (await fetch(up)
        .then((response) => response.json())
        .catch(() => null)) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] };
      } | null;
      const found = answer?.data.result.filter(
        ({ metric, value }) => metric['job'] === 'hosts' && value[1] === '1',
      );
      return (
        found
          ?.map(({ metric }) => metric['instance'])
          .sort()
          .join() === 'cache-1,watch-1'
      );
    });
    await services.stop('prometheus');
  });
};

const why =
  noOwnMachine() ?? (missing.length === 0 ? null : `these programs are missing: ${missing.join(', ')}`);
if (isOwnMachine()) real();
else if (why === null) process.exitCode = await inOwnMachine(fileURLToPath(import.meta.url));
else {
  const test = suite('roles of the web on a real machine');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** ROLES OF THE WEB ON A REAL MACHINE: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
