import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { portFor } from '../../../cli/up/last-port.js';
import { freePort } from '../../build/free-port.js';
import { assert, suite } from '../../suite.js';

interface Context {
  data: string;
  other: Server;
  port: number;
  told: string[];
}

const test = suite<Context>('the port of a data directory', {} as Context);

test.beforeEach(async (context) => {
  context.data = mkdtempSync(join(tmpdir(), 'scalarium-port-'));
  context.told = [];
  context.other = createServer();
  context.port = await freePort();
  await new Promise<void>((resolve) => context.other.listen(context.port, '127.0.0.1', resolve));
});

test.afterEach(async ({ data, other }) => {
  if (other.listening) await ended(other);
  rmSync(data, { recursive: true, force: true });
});

const ended = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => {
      resolve();
    });
  });

const note = ({ data, port }: Context): void => {
  const url = `http://127.0.0.1:${String(port)}`;
  writeFileSync(join(data, 'endpoint.json'), JSON.stringify({ url, pid: 1 }));
};

const asked = ({ data, told }: Context, port: number): Promise<number> =>
  portFor({ data, port, listen: '127.0.0.1' }, (line) => told.push(line));

test('0 is that of the last run', async (context) => {
  note(context);
  await ended(context.other);
  assert.is(await asked(context, 0), context.port);
  assert.equal(context.told, []);
});

test('0 is any, and a warning, while the last one is taken', async (context) => {
  note(context);
  assert.is(await asked(context, 0), 0);
  assert.is(context.told.length, 1);
  assert.match(context.told[0] ?? '', `port ${String(context.port)}, where the last run was, is taken`);
});

test('a port that is given is that one', async (context) => {
  note(context);
  await ended(context.other);
  assert.is(await asked(context, 7420), 7420);
});

test('without a last run, or with notes that make no sense, 0 is any', async (context) => {
  assert.is(await asked(context, 0), 0);
  writeFileSync(join(context.data, 'endpoint.json'), 'nonsense');
  assert.is(await asked(context, 0), 0);
});
