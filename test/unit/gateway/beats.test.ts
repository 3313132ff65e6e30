import { EventEmitter } from 'node:events';
import type WebSocket from 'ws';
import { seconds } from '../../../api-types/units.js';
import { silentLog } from '../../../runtime/log.js';
import { Links, type LinksDependencies } from '../../../server/gateway/links.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('signs of life of connections');

const HEARTBEAT = seconds(10);

class Socket extends EventEmitter {
  pings = 0;
  terminated = false;
  ping(): void {
    this.pings += 1;
  }
  terminate(): void {
    this.terminated = true;
    this.emit('close');
  }
  close(): void {
    this.emit('close');
  }
}

const opened = (count: number) => {
  const clock = virtualClock();
  const links = new Links({
    heartbeat: HEARTBEAT,
    clock,
    log: silentLog,
    hostLogs: { left: () => undefined },
  } as unknown as LinksDependencies);
  const sockets = Array.from({ length: count }, (_socket, index) => {
    const socket = new Socket();
    const place = { cluster: 'shop', instance: `app-${String(index)}` };
    const host = { machine: `i-${String(index)}`, place, remote: '127.0.0.1' };
    links.accept(host as Parameters<Links['accept']>[0], socket as unknown as WebSocket);
    return socket;
  });
  return { clock, links, sockets };
};

const pings = (sockets: readonly Socket[]): number => sockets.reduce((sum, socket) => sum + socket.pings, 0);

for (const count of [1, 49, 50, 51, 1000])
  test(`each of ${String(count)} is asked once a heartbeat, and never all at once`, async () => {
    const { clock, sockets } = opened(count);
    for (let heartbeat = 1; heartbeat <= 2; heartbeat += 1)
      for (let part = 0, before = pings(sockets); part < 50; part += 1, before = pings(sockets)) {
        await clock.advance(HEARTBEAT / 50);
        assert.ok(pings(sockets) - before <= Math.ceil(count / 50));
        for (const socket of sockets) socket.emit('pong');
      }
    assert.equal([...new Set(sockets.map((socket) => socket.pings))], [2]);
  });

test('one that gives no sign of life for three heartbeats is cut off, the others are not', async () => {
  const { clock, links, sockets } = opened(3);
  for (let part = 0; part < 200; part += 1) {
    await clock.advance(HEARTBEAT / 50);
    for (const socket of sockets.slice(1)) socket.emit('pong');
  }
  assert.equal(
    sockets.map(({ terminated }) => terminated),
    [true, false, false],
  );
  assert.is(links.connected(), 2);
});

test('time in which this process stood still is held against nobody', async () => {
  const { clock, sockets } = opened(3);
  clock.jump(10 * HEARTBEAT);
  await clock.advance(2 * HEARTBEAT);
  assert.ok(sockets.every(({ terminated, pings: asked }) => !terminated && asked > 0));
  await clock.advance(2 * HEARTBEAT);
  assert.ok(sockets.every(({ terminated }) => terminated));
});
