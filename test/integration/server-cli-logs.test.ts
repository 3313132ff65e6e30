import type { LogReader, LogsAsked } from '../../server/logs/port.js';
import { type CliScene, cliScene, host, hostStatus } from '../build/cli-scene.js';
import { eventually } from '../conformance/objects-world.js';
import { assert, suite } from '../suite.js';

const test = suite('logs over a server');

interface Open {
  readonly machine: string;
  readonly asked: LogsAsked;
  readonly reader: LogReader;
  left: boolean;
}

const TIME = '2026-01-02T03:04:05.000Z';
const text = (message: string, more: object = {}): string =>
  JSON.stringify({ time: TIME, level: 'info', message, machine: 'i-app-1', ...more });

/** Two hosts whose logs the test writes. */
const withLogs = (body: (scene: CliScene, open: readonly Open[]) => Promise<void>): (() => Promise<void>) => {
  const open: Open[] = [];
  return cliScene(
    async (scene) => {
      for (const name of ['app-1', 'app-12'])
        scene.objects.has(host(name), { spec: { role: 'app' } }, hostStatus('running', `i-${name}`));
      await body(scene, open);
    },
    {
      openLog: (machine, asked, reader) => {
        const one = { machine, asked, reader, left: false };
        open.push(one);
        if (!asked.follow) {
          if (machine === 'i-app-12') reader.end('it is not connected');
          reader.lines([text('one'), text('two', { level: 'warn', event: 'setup-1' }), 'no \u001b[2J JSON']);
          reader.end(null);
        }
        return () => {
          one.left = true;
        };
      },
    },
  );
};

test(
  'the lines of a host, for people and for programs',
  withLogs(async ({ run, runWith }, open) => {
    const people = await run('logs', 'host/app-1', '-n', 'shop', '--tail', '7', '--event', 'setup-1');
    assert.equal(people, {
      out: `${TIME} INFO  one\n${TIME} WARN  two event=setup-1\nno  [2J JSON\n`,
      err: '',
      code: 0,
    });
    assert.equal(open[0]?.asked, { tail: 7, follow: false, event: 'setup-1' });
    const programs = await run('logs', 'app-1', '-n', 'shop', '-o', 'json');
    assert.is(programs.out.split('\n')[0], text('one'));
    const coloured = await runWith({ colour: true }, 'logs', 'app-1', '-n', 'shop');
    assert.match(coloured.out, /\u001b\[33mWARN \u001b\[0m two/);
  }),
);

test(
  'several hosts are told apart; one that cannot be asked does not hide the others',
  withLogs(async ({ run }) => {
    const { out, err, code } = await run('logs', '--role', 'app', '-n', 'shop');
    assert.match(out, /^app-1 {2}\| 2026.* INFO {2}one\n/);
    assert.match(err, /^host\/app-12: host app-12: it is not connected\n/);
    assert.is(code, 1);
  }),
);

test(
  'hosts are followed together until Ctrl-C',
  withLogs(async ({ runWith }, open) => {
    const stop = new AbortController();
    let out = '';
    const onOut = (all: string): void => {
      out = all;
    };
    const following = runWith({ signal: stop.signal, onOut }, 'logs', 'app-1', 'app-12', '-n', 'shop', '-f');
    await eventually('both are open', () => open.length === 2);
    for (const { reader, machine } of open) reader.lines([text(`hello of ${machine}`)]);
    await eventually(
      'both are told',
      () => out.includes('hello of i-app-12') && out.includes('hello of i-app-1\n'),
    );
    stop.abort();
    assert.is((await following).err, '');
    await eventually('the server is left', () => open.every(({ left }) => left));
  }),
);

test(
  'a log that ends while it is followed: 1, and says so',
  withLogs(async ({ run }, open) => {
    const following = run('logs', 'app-1', '-n', 'shop', '-f', '--tail', '0');
    const { reader } = await eventually('it is open', () => open[0]);
    reader.lines([]);
    reader.end('the connection to it ended');
    const { out, err, code } = await following;
    assert.is(out, 'ERROR the connection to it ended\n');
    assert.match(err, /^host\/app-1: its log is not followed any more\n/);
    assert.is(code, 1);
  }),
);

test(
  'wrong words: 64; a host that is not there: 3',
  withLogs(async ({ run }) => {
    assert.is((await run('logs', '-n', 'shop')).code, 64);
    assert.is((await run('logs', 'app-1', '-n', 'shop', '--tail', '10001')).code, 64);
    assert.is((await run('logs', 'app-1', '-n', 'shop', '-o', 'yaml')).code, 64);
    assert.is((await run('logs', 'app-9', '-n', 'shop')).code, 3);
  }),
);
