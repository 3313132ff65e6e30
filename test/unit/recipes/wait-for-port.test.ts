/** Waiting for a port. */
import { createServer, type Server } from 'node:net';
import { freePort } from '../../build/free-port.js';
import { assert } from '../../suite.js';
import { apply, onStage, says } from './stage.js';

const test = onStage('waiting for a port');

const listening = (port: number): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.listen(port, '127.0.0.1', () => {
      resolve(server);
    });
  });

test('one that is open is no change', async (stage) => {
  const port = await freePort();
  const server = await listening(port);
  const waits = { type: 'waitForPort', host: '127.0.0.1', port } as const;
  assert.equal(await apply(stage, [waits]), { changed: [], failure: null });
  server.close();
});

test('one that opens later is waited for, and what comes after it comes after it', async (stage) => {
  const port = await freePort();
  const waits = { type: 'waitForPort', host: '127.0.0.1', port, timeoutSeconds: 60 } as const;
  const running = apply(stage, [says('first'), waits, says('then')]);
  const server = await listening(port);
  assert.equal(await running, { changed: ['execute[first]', 'execute[then]'], failure: null });
  server.close();
});

test('one that never opens: a failure that says how long, and why', async (stage) => {
  const port = await freePort();
  const { failure } = await apply(stage, [
    { type: 'waitForPort', host: '127.0.0.1', port, timeoutSeconds: 0.3 },
  ]);
  assert.match(
    failure ?? '',
    new RegExp(
      `^waitForPort\\[127\\.0\\.0\\.1:${String(port)}\\]: no connection within 0\\.3 s: connect ECONNREFUSED`,
    ),
  );
});

test('an abort ends the waiting', async (stage) => {
  const port = await freePort();
  const stop = new AbortController();
  const running = apply(stage, [{ type: 'waitForPort', host: '127.0.0.1', port }], { signal: stop.signal });
  stop.abort();
  assert.match((await running).failure ?? '', /^waitForPort\[.*abort/);
});

test('no port at all', async (stage) => {
  const { failure } = await apply(stage, [{ type: 'waitForPort', host: '127.0.0.1', port: 99_999 }]);
  assert.match(failure ?? '', /99999/);
});

test('a dry run does not wait', async (stage) => {
  const port = await freePort();
  const waits = { type: 'waitForPort', host: '127.0.0.1', port } as const;
  assert.equal(await apply(stage, [waits], { dryRun: true }), { changed: [], failure: null, diffs: [] });
});
