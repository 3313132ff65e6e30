/** Ten thousand watches opened by one client of a control plane that is a process of its own. Runs alone: it takes the machine. */
import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { assert, suite } from '../suite.js';
import { type World, eventually, makeWorld } from './world.js';

const test = suite('ten thousand watches');

const PATH = '/apis/scalarium.dev/v1/roles?watch=true';
const WANTED = 10_000;
const AT_ONCE = 100;
/** As README says: of one user, and from one address. */
const MOST = 2000;

let world: World;
let token = '';
const open: IncomingMessage[] = [];

test.before(async () => {
  world = await makeWorld();
  world.start('--hosts', 'none', '--no-example');
  await eventually('the API answers', async () => (await world.scalarium('get', 'clusters')).code === 0);
  token = readFileSync(join(world.data, 'token'), 'utf8').trim();
});

test.after(async () => {
  for (const response of open) response.destroy();
  await world.end();
});

interface Asking {
  readonly path: string;
  readonly by?: string;
  readonly from?: string;
}

const ask = ({ path, by = token, from = '127.0.0.1' }: Asking): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${by}` };
    const agent = new Agent({ localAddress: from });
    const asking = request({ host: '127.0.0.1', port: world.port, path, headers, agent }, resolve);
    asking.on('error', reject);
    asking.end();
  });

const textOf = async (response: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString();
  return text;
};

const residentMiB = (): number => {
  const status = readFileSync(`/proc/${String(world.process().pid)}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
};

/** Never reads what comes. */
const watchOnce = async (): Promise<string | null> => {
  const response = await ask({ path: PATH });
  if (response.statusCode !== 200) return `${String(response.statusCode)} ${await textOf(response)}`;
  response.on('error', () => undefined);
  open.push(response);
  return null;
};

test('as many as one client may have are served, the others are told so, and nobody else notices', async () => {
  const before = residentMiB();
  const refused: string[] = [];
  for (let asked = 0; asked < WANTED; asked += AT_ONCE) {
    const answers = await Promise.all(Array.from({ length: AT_ONCE }, watchOnce));
    refused.push(...answers.filter((answer) => answer !== null));
  }
  assert.is(open.length, MOST);
  assert.is(refused.length, WANTED - MOST);
  for (const text of refused) assert.match(text, /^429 .*"reason":"TooManyRequests"/);
  const grown = residentMiB() - before;
  assert.ok(grown < 300, `${grown.toFixed(0)} MiB for ${String(MOST)} watches that read nothing`);
  const began = performance.now();
  assert.is((await ask({ path: '/apis/scalarium.dev/v1/roles' })).statusCode, 200);
  assert.ok(performance.now() - began < 1000);
});

test('another user from another address still gets a watch; ended ones make room', async () => {
  const kubeconfig = readFileSync(join(world.data, 'kubeconfig'), 'utf8');
  const by = /token: "?(scalarium_[\w-]+)/.exec(kubeconfig)?.[1] ?? '';
  const other = await ask({ path: PATH, by, from: '127.0.0.2' });
  assert.is(other.statusCode, 200);
  other.destroy();
  for (const response of open.splice(0)) response.destroy();
  await eventually('room', async () => {
    const again = await ask({ path: PATH });
    again.destroy();
    return again.statusCode === 200;
  });
  const { exitCode, signalCode } = world.process();
  assert.equal([exitCode, signalCode], [null, null]);
});
