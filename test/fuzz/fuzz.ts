/** Sends generated requests to a control plane that is a process of its own, and judges every answer. */
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { Agent, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { eventually, makeWorld, type World } from '../e2e/world.js';
import { type FuzzRequest, garbage, requests } from './arbitraries.js';
import { type FuzzAnswer, wrongWith } from './judge.js';

export interface Fuzzed {
  readonly requests: number;
  /** How many answers of each code. */
  readonly codes: Readonly<Record<string, number>>;
}

/** Requests that are under way together. */
const AT_ONCE = 8;
const LONGEST_ANSWER_MS = 20_000;

const send = (port: number, agent: Agent, asked: FuzzRequest): Promise<FuzzAnswer> =>
  new Promise((resolve, reject) => {
    const { method, target, headers, body } = asked;
    const length = body === null ? {} : { 'content-length': String(body.length) };
    const options = {
      host: '127.0.0.1',
      port,
      method,
      path: target,
      agent,
      headers: { ...headers, ...length },
    };
    const request = httpRequest({ ...options, timeout: LONGEST_ANSWER_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          code: response.statusCode ?? 0,
          type: response.headers['content-type'] ?? '',
          retryAfter: response.headers['retry-after'] ?? null,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.on('timeout', () => request.destroy(new Error(`${method} ${target}: no answer in time`)));
    request.on('error', reject);
    request.end(body ?? undefined);
  });

/** The first line of what comes back, or nothing: the connection is closed either way. */
const sendRaw = (port: number, bytes: Buffer): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.setTimeout(2000, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      socket.end();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(text.split('\r\n')[0] ?? '');
    });
    socket.end(bytes);
  });

/** Sent on a connection that the server may have closed after an earlier answer: that is no fault. */
const closedUnderway = (error: unknown): boolean =>
  ['ECONNRESET', 'EPIPE'].includes((error as NodeJS.ErrnoException).code ?? '');

const TEXT_OF_INVALID_REQUEST = /Invalid (character|HTTP)|unescaped|ERR_(INVALID|UNESCAPED)/;

const asked = async (port: number, agent: Agent, request: FuzzRequest): Promise<FuzzAnswer | null> => {
  try {
    return await send(port, agent, request);
  } catch (error) {
    // node's client refuses to send it
    if (error instanceof TypeError || TEXT_OF_INVALID_REQUEST.test(String(error))) return null;
    if (!closedUnderway(error)) throw error;
    const fresh = new Agent();
    try {
      return await send(port, fresh, request);
    } catch (again) {
      // a body that was refused before it was read to its end
      if (closedUnderway(again)) return null;
      throw again;
    } finally {
      fresh.destroy();
    }
  }
};

const alive = async (world: World): Promise<void> => {
  const { exitCode, signalCode } = world.process();
  if (exitCode !== null || signalCode !== null)
    throw new Error(`the control plane ended:\n${world.output().slice(-3000)}`);
  const answer = await fetch(`http://127.0.0.1:${String(world.port)}/healthz`);
  if (!answer.ok) throw new Error(`/healthz answers ${String(answer.status)}`);
};

const seedOf = (): { seed?: number } => {
  const text = process.env['FUZZ_SEED'];
  return text === undefined ? {} : { seed: Number(text) };
};

const ROOT = '/apis/scalarium.dev/v1';

/** What many requests are about; made again and again, since some of them delete it. */
const makeShop = async (port: number, agent: Agent, token: string): Promise<void> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const make = (target: string, kind: string, name: string, spec: object): Promise<FuzzAnswer> => {
    const object = { apiVersion: 'scalarium.dev/v1', kind, metadata: { name }, spec };
    return send(port, agent, { method: 'POST', target, headers, body: Buffer.from(JSON.stringify(object)) });
  };
  await make(`${ROOT}/clusters`, 'Cluster', 'shop', { cloud: 'local' });
  await make(`${ROOT}/users`, 'User', 'fuzz', {});
  await make(`${ROOT}/namespaces/shop/roles`, 'Role', 'app', { type: 'custom', replicas: 0 });
};

/** As fc.assert, but says what was wrong and how to repeat it instead of showing every byte that was sent. */
const held = async <A>(property: fc.IAsyncProperty<A>, numRuns: number): Promise<void> => {
  const result = await fc.check(property, { numRuns, endOnFailure: true, ...seedOf() });
  if (!result.failed) return;
  const cause = result.errorInstance;
  throw new Error(`${String(cause)}\nrepeat it with FUZZ_SEED=${String(result.seed)}`, { cause });
};

/** Starts a control plane of its own; `count` requests, and one piece of garbage for each twenty. */
export const fuzz = async (
  count: number,
  told: (done: number) => void = () => undefined,
): Promise<Fuzzed> => {
  const world = await makeWorld();
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const codes: Record<string, number> = {};
  let done = 0;
  try {
    world.start('--hosts', 'none', '--no-example');
    await eventually('the API answers', async () => (await world.scalarium('get', 'clusters')).code === 0);
    const token = readFileSync(join(world.data, 'token'), 'utf8').trim();
    const judged = async (request: FuzzRequest): Promise<void> => {
      const answer = await asked(world.port, agent, request);
      done += 1;
      if (answer === null) return;
      codes[answer.code] = (codes[answer.code] ?? 0) + 1;
      const wrong = wrongWith(request.method, answer);
      if (wrong !== null)
        throw new Error(`${request.method} ${request.target}: ${wrong}\n${answer.text.slice(0, 600)}`);
    };
    const some = fc.array(requests(token), { minLength: AT_ONCE, maxLength: AT_ONCE });
    const property = fc.asyncProperty(some, async (batch) => {
      if (done % 200 < AT_ONCE) {
        await alive(world);
        await makeShop(world.port, agent, token);
        told(done);
      }
      await Promise.all(batch.map(judged));
    });
    await held(property, Math.ceil(count / AT_ONCE));
    const pieces = fc.asyncProperty(garbage, async (bytes) => {
      const line = await sendRaw(world.port, bytes);
      if (/ 5\d\d /.test(line)) throw new Error(line);
    });
    await held(pieces, Math.ceil(count / 20));
    await alive(world);
    return { requests: done, codes };
  } finally {
    agent.destroy();
    await world.end();
  }
};
