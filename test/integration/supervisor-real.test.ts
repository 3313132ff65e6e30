/** The supervisor with real processes, by its socket, in a machine that is thrown away. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ServiceManager } from '../../recipes/services/service-manager.js';
import {
  listenForRequests,
  listServices,
  supervisorClient,
} from '../../recipes/services/supervisor/control.js';
import { openSupervisor, type Supervisor } from '../../recipes/services/supervisor/supervisor.js';
import { systemClock } from '../../runtime/clock.js';
import { identify } from '../../runtime/process-identity.js';
import { inOwnMachine, isOwnMachine, noOwnMachine } from '../build/own-machine.js';
import { eventually } from '../e2e/world.js';
import { assert, suite } from '../suite.js';

const PLACE = '/run/supervisor-test';
const SOCKET = join(PLACE, 'supervisor.sock');
const UNITS = '/etc/systemd/system';

interface Scene {
  supervisor: Supervisor;
  server: Server;
  services: ServiceManager;
  warnings: string[];
}

const unit = (name: string, service: string, more = ''): void => {
  mkdirSync(UNITS, { recursive: true });
  writeFileSync(join(UNITS, `${name}.service`), `${more}\n[Service]\n${service}\n`);
};

/** A program below PLACE. */
const script = (name: string, text: string, interpreter = '/bin/sh'): string => {
  const path = join(PLACE, name);
  writeFileSync(path, `#!${interpreter}\n${text}\n`, { mode: 0o755 });
  return path;
};

const note = (name: string): string => {
  const path = join(PLACE, name);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
};

const noteNumber = (name: string): number => Number(note(name));

const isAlive = (pid: number): boolean => identify(pid) !== null;

const refusal = (work: Promise<void>): Promise<string> =>
  work.then(
    () => 'it did not refuse',
    (error: unknown) => (error as Error).message,
  );

const realServices = (): void => {
  const test = suite<Scene>('services under the supervisor', {} as Scene);

  test.beforeEach(async (context) => {
    mkdirSync(PLACE, { recursive: true });
    context.warnings = [];
    context.supervisor = openSupervisor({
      clock: systemClock,
      log: { warn: (message, keys) => context.warnings.push(`${message} ${JSON.stringify(keys)}`) },
      logFolder: join(PLACE, 'logs'),
      notifyFolder: join(PLACE, 'notify'),
    });
    context.server = await listenForRequests(SOCKET, context.supervisor);
    context.services = supervisorClient(SOCKET);
  });

  test.afterEach(async ({ supervisor, server }) => {
    await supervisor.shutdown();
    server.close();
    rmSync(PLACE, { recursive: true });
  });

  test('a service runs with the user, environment, limits and directories of its unit, until it is stopped', async ({
    services,
  }) => {
    writeFileSync(join(PLACE, 'options'), 'B="from file"\nWORDS="x y"\n');
    const program = script(
      'web',
      `{ id -un; id -gn; echo "$A/$B/$*"; umask; pwd; ulimit -n; ls -ld "$RUNTIME_DIRECTORY"; } >"$STATE_DIRECTORY/said"; exec sleep 1000`,
    );
    unit(
      'web',
      `ExecStart=${program} $WORDS \${A}\nEnvironment=A=%n\nEnvironmentFile=${PLACE}/options\nEnvironmentFile=-/none
User=nobody\nGroup=daemon\nUMask=027\nLimitNOFILE=500\nWorkingDirectory=/usr
RuntimeDirectory=web-test\nRuntimeDirectoryMode=0710\nStateDirectory=web-test`,
    );
    assert.equal(await services.state('web'), { loaded: true, running: false, enabled: true });
    await services.start('web');
    assert.equal(await services.state('web'), { loaded: true, running: true, enabled: true });
    const said = readFileSync('/var/lib/web-test/said', 'utf8').trim().split('\n');
    assert.equal(said.slice(0, 6), [
      'nobody',
      'daemon',
      'web.service/from file/x y web.service',
      '0027',
      '/usr',
      '500',
    ]);
    assert.match(said[6] ?? '', /^drwx--x---.* nobody daemon .*\/run\/web-test$/);
    await services.start('web');
    await services.stop('web');
    assert.equal(await services.state('web'), { loaded: true, running: false, enabled: true });
    assert.is(existsSync('/run/web-test'), false);
    await services.stop('web');
  });

  test('one that dies is started again as its unit says, with what it said', async ({ services }) => {
    const program = script('web', `echo $$ >${PLACE}/pid; exec sleep 1000`);
    unit('web', `ExecStart=${program}\nRestart=on-failure\nRestartSec=100ms`);
    await services.start('web');
    const first = noteNumber('pid');
    process.kill(first, 'SIGKILL');
    await eventually('another process', () => noteNumber('pid') !== first && isAlive(noteNumber('pid')));
    await eventually('it runs', async () => (await services.state('web')).running);
    process.kill(noteNumber('pid'), 'SIGTERM');
    await eventually('a clean end is none', async () => !(await services.state('web')).running);
    assert.match((await services.state('web')).result ?? '', /^it ended by itself: killed by SIGTERM/);
  });

  test('one that holds more memory than its unit allows is killed, says so, and is started again', async ({
    services,
  }) => {
    const greedy = `awk 'BEGIN { s = sprintf("%1000s", "x"); while (length(s) < 1e8) s = s s; system("sleep 1000") }'`;
    const program = script(
      'web',
      `[ -e ${PLACE}/once ] && exec sleep 1000; touch ${PLACE}/once; exec ${greedy}`,
    );
    unit('web', `ExecStart=${program}\nRestart=always\nRestartSec=500ms\nMemoryMax=40M`);
    await services.start('web');
    await eventually('it is killed', async () =>
      /more than the 40 MiB of its MemoryMax/.test((await services.state('web')).result ?? ''),
    );
    await eventually('it runs again', async () => (await services.state('web')).running);
  });

  test('one that starts and dies is told with its last words, and is not started for ever', async ({
    services,
  }) => {
    const program = script('web', `echo x >>${PLACE}/starts; echo "no port 80 for me" >&2; exit 3`);
    unit('web', `ExecStart=${program}\nRestart=always\nRestartSec=10ms`, '[Unit]\nStartLimitBurst=3');
    const why = await refusal(services.start('web'));
    assert.match(why, /^web: ExecStart "[^"]*web": exit code 3; it said last:\nno port 80 for me$/);
    await eventually('it is left alone', async () =>
      /started 4 times within 10 s and is left alone; .*no port 80/s.test(
        (await services.state('web')).result ?? '',
      ),
    );
    assert.is(note('starts').split('\n').length, 4);
    assert.is((await services.state('web')).running, false);
    assert.match(await refusal(services.reload('web')), /web does not run/);
  });

  test('stopping ends every process, those that left the group and those that do not listen', async ({
    services,
  }) => {
    const program = script(
      'web',
      `setsid sh -c 'trap "" TERM; echo $$ >${PLACE}/child; while :; do sleep 1; done' &
(setsid sleep 1000 & echo $! >${PLACE}/grandchild)
while [ ! -s ${PLACE}/child ] || [ ! -s ${PLACE}/grandchild ]; do sleep 0.05; done
exec sleep 1000`,
    );
    unit('web', `ExecStart=${program}\nTimeoutStopSec=300ms`);
    await services.start('web');
    await eventually('both are there', () => note('child') !== '' && note('grandchild') !== '');
    const pids = [noteNumber('child'), noteNumber('grandchild')];
    assert.equal(pids.map(isAlive), [true, true]);
    await services.stop('web');
    assert.equal(pids.map(isAlive), [false, false]);
  });

  test('a reload goes to the main process, and is refused where a unit has none', async ({ services }) => {
    const program = script('web', `trap 'echo again >>${PLACE}/reloads' HUP; while :; do sleep 0.05; done`);
    unit('web', `ExecStart=${program}\nExecReload=/bin/kill -HUP $MAINPID`);
    await services.start('web');
    await services.reload('web');
    await eventually('it has heard', () => note('reloads') === 'again');
    unit('web', `ExecStart=${program}\nExecReload=/bin/sh -c "echo bad configuration; exit 1"`);
    assert.match(await refusal(services.reload('web')), /exit code 1; it said last:\nbad configuration/);
    unit('web', `ExecStart=${program}`);
    assert.match(await refusal(services.reload('web')), /cannot be reloaded: its unit has no ExecReload/);
    assert.is((await services.state('web')).running, true);
  });

  test('a forking service is its PID file, and its end is seen', async ({ services }) => {
    const program = script('web', `setsid sleep 1000 & echo $! >${PLACE}/web.pid`);
    unit('web', `Type=forking\nExecStart=${program}\nPIDFile=${PLACE}/web.pid`);
    await services.start('web');
    const pid = noteNumber('web.pid');
    assert.is((await services.state('web')).running, true);
    process.kill(pid, 'SIGKILL');
    await eventually('it is seen', async () => !(await services.state('web')).running);
    await services.restart('web');
    assert.is.not(noteNumber('web.pid'), pid);
    await services.stop('web');
    assert.is(isAlive(noteNumber('web.pid')), false);
  });

  test('a service that tells when it is ready is waited for', async ({ services }) => {
    const program = script(
      'web.pl',
      `use Socket; $| = 1; select(undef, undef, undef, 0.7);
open(my $file, '>', '${PLACE}/ready'); close $file;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0);
send($socket, "STATUS=up\\nREADY=1", 0, pack_sockaddr_un($ENV{NOTIFY_SOCKET})) or die $!;
sleep 1000;`,
      '/usr/bin/perl',
    );
    unit('web', `Type=notify\nExecStart=${program}\nUser=nobody`);
    await services.start('web');
    // nobody may write there: it had the rights of its user, and was ready all the same
    assert.is((await services.state('web')).running, true);
    assert.is(existsSync(join(PLACE, 'ready')), false);
    unit('web', `Type=notify\nExecStart=${program}`);
    await services.restart('web');
    assert.is(existsSync(join(PLACE, 'ready')), true);
    unit('web', 'Type=notify\nExecStart=/bin/sleep 1000\nTimeoutStartSec=300ms');
    assert.match(await refusal(services.restart('web')), /it was not ready in time/);
  });

  test('a start that waits is cut short by a stop', async ({ services }) => {
    unit('web', 'Type=notify\nExecStart=/bin/sleep 1000\nRestart=always\nTimeoutStartSec=infinity');
    const start = refusal(services.start('web'));
    await eventually('it starts', async () => /starting/.test(JSON.stringify(await listServices(SOCKET))));
    await eventually('its program runs', () => spawnSync('pgrep', ['-x', 'sleep']).status === 0);
    await services.stop('web');
    assert.match(await start, /it was stopped meanwhile/);
    assert.equal(await services.state('web'), { loaded: true, running: false, enabled: true });
  });

  test('what a service requires is started before it, and a circle of them ends', async ({ services }) => {
    const program = script('any', `echo $1 >>${PLACE}/order; exec sleep 1000`);
    unit('web', `ExecStart=${program} web`, '[Unit]\nRequires=db.service\nWants=none.service');
    unit('db', `ExecStart=${program} db`, '[Unit]\nRequires=web.service');
    await services.start('web');
    assert.equal(note('order').split('\n'), ['db', 'web']);
    unit('db2', 'ExecStart=/bin/false');
    unit('web2', `ExecStart=${program} web2`, '[Unit]\nRequires=db2.service');
    assert.match(await refusal(services.start('web2')), /db2: ExecStart "\/bin\/false": exit code 1/);
  });

  test('what a service prints is kept within bounds, and it is not slowed down', async ({ services }) => {
    const program = script(
      'web',
      'i=0; while [ $i -lt 20 ]; do head -c 1000000 /dev/zero; i=$((i+1)); done; echo; echo end; exit 1',
    );
    unit('web', `ExecStart=${program}`);
    await services.start('web').catch(() => undefined);
    await eventually('it has said all', async () => /end$/.test((await services.state('web')).result ?? ''));
    const sizes = ['web.log', 'web.log.1'].map((name) => statSync(join(PLACE, 'logs', name)).size);
    assert.ok(Math.max(...sizes) <= 1024 * 1024, sizes.join(' '));
  });

  test('enabled services start with the host, those first that others wait for', async ({
    services,
    supervisor,
    warnings,
  }) => {
    const program = script('any', `echo $1 >>${PLACE}/order; exec sleep 1000`);
    const install = '\n[Install]\nWantedBy=multi-user.target';
    unit('b-db', `ExecStart=${program} db${install}`);
    unit('a-web', `ExecStart=${program} web${install}`, '[Unit]\nAfter=b-db.service c-cache.service');
    unit('c-cache', `ExecStart=/bin/false${install}`, '[Unit]\nAfter=a-web.service');
    unit('d-off', `ExecStart=${program} off${install}`);
    for (const name of ['b-db', 'a-web', 'c-cache']) await services.enable(name);
    assert.is((await services.state('d-off')).enabled, false);
    await supervisor.boot();
    assert.equal(note('order').split('\n'), ['db', 'web']);
    assert.match(warnings.join('\n'), /did not start with the host.*c-cache.*exit code 1/);
    for (const name of ['b-db', 'a-web', 'c-cache']) await services.disable(name);
    assert.is((await services.state('b-db')).enabled, false);
  });

  test('what is not there, is masked, or is not to start yet, is said', async ({ services }) => {
    assert.equal(await services.state('none'), { loaded: false, running: false, enabled: false });
    assert.match(await refusal(services.start('none')), /there is no unit none\.service on this host/);
    spawnSync('ln', ['-sf', '/dev/null', join(UNITS, 'masked.service')]);
    assert.match(await refusal(services.start('masked')), /it is masked/);
    unit('web', 'ExecStart=/bin/no-such-program');
    assert.match(await refusal(services.start('web')), /its program \/bin\/no-such-program is not there/);
    unit('web', 'ExecStart=/bin/sleep 1000', `[Unit]\nConditionPathExists=${PLACE}/app`);
    await services.start('web');
    assert.match((await services.state('web')).result ?? '', /not started as long as .*\/app is not there/);
    writeFileSync(join(PLACE, 'app'), '');
    await services.start('web');
    assert.is((await services.state('web')).running, true);
  });

  test('a step before the start that fails keeps the service from starting, one after it ends it', async ({
    services,
  }) => {
    unit(
      'web',
      'ExecStartPre=-/bin/false\nExecStartPre=/bin/sh -c "echo bad; exit 2"\nExecStart=/bin/sleep 1000',
    );
    assert.match(await refusal(services.start('web')), /ExecStartPre .*exit code 2; it said last:\nbad/);
    const program = script('web', `echo $$ >${PLACE}/pid; exec sleep 1000`);
    unit(
      'web',
      `ExecStart=${program}\nExecStartPost=/bin/false\nExecStopPost=/usr/bin/touch ${PLACE}/stopped`,
    );
    assert.match(await refusal(services.start('web')), /ExecStartPost .*exit code 1/);
    assert.is(isAlive(noteNumber('pid')), false);
    assert.is(existsSync(join(PLACE, 'stopped')), true);
  });
};

if (isOwnMachine()) realServices();
else if (noOwnMachine() === null) process.exitCode = await inOwnMachine(fileURLToPath(import.meta.url));
else {
  const why = noOwnMachine() ?? '';
  const test = suite('services under the supervisor');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** SERVICES UNDER THE SUPERVISOR: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
