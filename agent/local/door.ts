/** The daemon's Unix socket, through which root on the host asks it: a line of JSON in, a line of JSON out. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Log } from '../../runtime/log.js';
import type { Entry } from '../journal.js';

/** What a running daemon says of itself. Times are RFC 3339. */
export interface DaemonState {
  readonly machine: string;
  readonly version: string;
  /** Null: it was not installed as a file of its own. */
  readonly build: string | null;
  readonly startedAt: string;
  /** Base URL; null: not connected. */
  readonly gateway: string | null;
  readonly connectedAt: string | null;
  readonly heartbeatAt: string | null;
  /** The event that is carried out, or empty. */
  readonly running: string;
}

/** `unrecorded`: the control plane does not have its result yet; `superseded`: it was never run. */
export type Rerun = 'begun' | 'unknown' | 'unfinished' | 'unrecorded' | 'superseded';

/** The daemon as this door sees it. */
export interface AskedAgent {
  state(): DaemonState;
  entry(event: string): Entry | null;
  /** Carries a finished event out again. */
  rerun(event: string): Promise<Rerun>;
}

const Question = t.union(
  [
    t.strict({ ask: t.literal('state') }),
    t.strict({ ask: t.literal('event'), event: t.string }),
    t.strict({ ask: t.literal('rerun'), event: t.string }),
  ],
  'Question',
);
export type Question = t.TypeOf<typeof Question>;

/** What each question is answered with. */
export interface Answers {
  readonly state: DaemonState;
  readonly event: Entry | null;
  readonly rerun: Rerun;
}

const MOST_CHARACTERS = 4096;
/** What the kernel takes as a path of a socket. */
const LONGEST_PATH = 107;

/** Where the socket of the host with this root is. */
export const socketOf = (root: string): string => join(root, 'run/scalarium/agent.sock');

const answerTo = async (line: string, agent: AskedAgent): Promise<unknown> => {
  const question = Question.decode(JSON.parse(line));
  if (E.isLeft(question)) throw new Error('the question is not understood');
  const asked = question.right;
  if (asked.ask === 'state') return agent.state();
  return asked.ask === 'event' ? agent.entry(asked.event) : agent.rerun(asked.event);
};

const serve = (socket: Socket, agent: AskedAgent): void => {
  let text = '';
  socket.on('error', () => undefined);
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.length > MOST_CHARACTERS) socket.destroy();
    if (!text.includes('\n')) return;
    socket.pause();
    answerTo(text, agent).then(
      (answer) => socket.end(`${JSON.stringify({ answer })}\n`),
      (error: unknown) => socket.end(`${JSON.stringify({ problem: String(error) })}\n`),
    );
  });
};

const listening = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });

/** Answers until it is closed. A host on which it cannot be opened does without, and says so in its log. */
export const openLocalDoor = async (
  root: string,
  agent: AskedAgent,
  log: Log,
): Promise<{ close(): void }> => {
  const path = socketOf(root);
  const server = createServer((socket) => {
    serve(socket, agent);
  });
  const close = (): void => {
    server.close();
  };
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    log.debug('nothing answers on this host: the path of the socket is too long', { path });
    return { close };
  }
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true }); // of an agent that was killed
    await listening(server, path);
    chmodSync(path, 0o600);
    server.on('error', () => undefined).unref();
  } catch (error) {
    log.warn('nothing answers on this host: the socket cannot be opened', { path, why: String(error) });
  }
  return { close };
};
