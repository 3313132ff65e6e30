/** The supervisor's Unix socket: one request a connection, a line of JSON each way. Only root may connect. */
import { chmodSync, mkdirSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { ServiceManager, ServiceState } from '../service-manager.js';
import { withSocketPath } from './socket-path.js';
import type { ServiceLine, Supervisor } from './supervisor.js';

/** Where it is on every host. */
export const SUPERVISOR_SOCKET = '/run/scalarium/supervisor.sock';

/** The same of a host that is a folder. */
export const supervisorSocketOf = (root: string): string => join(root, SUPERVISOR_SOCKET);

const Request = t.strict(
  {
    verb: t.keyof({
      start: null,
      stop: null,
      restart: null,
      reload: null,
      enable: null,
      disable: null,
      state: null,
      list: null,
    }),
    name: t.string,
  },
  'SupervisorRequest',
);
type Request = t.TypeOf<typeof Request>;
type Act = Exclude<Request['verb'], 'state' | 'list'>;

type Answer = { readonly ok: unknown } | { readonly error: string };

/** Answers are states and lists; requests are a name. */
const LONGEST = 1024 * 1024;

const lineFrom = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > LONGEST) socket.destroy(new Error('the line is too long'));
      const at = text.indexOf('\n');
      if (at >= 0) resolve(text.slice(0, at));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('the connection ended'));
    });
  });

const perform = async ({ verb, name }: Request, supervisor: Supervisor): Promise<unknown> => {
  if (verb === 'state') return supervisor.state(name);
  if (verb === 'list') return supervisor.list();
  await supervisor[verb](name);
  return null;
};

const answerTo = async (line: string, supervisor: Supervisor): Promise<Answer> => {
  try {
    const request = Request.decode(JSON.parse(line));
    if (E.isLeft(request)) return { error: `the supervisor knows no such request: ${line.slice(0, 200)}` };
    return { ok: await perform(request.right, supervisor) };
  } catch (error) {
    return { error: (error as Error).message };
  }
};

const serve = async (socket: Socket, supervisor: Supervisor): Promise<void> => {
  // who asked may be gone before the answer is there
  socket.on('error', () => undefined);
  try {
    const answer = await answerTo(await lineFrom(socket), supervisor);
    socket.end(`${JSON.stringify(answer)}\n`);
  } catch {
    socket.destroy();
  }
};

/** Listens; what an earlier supervisor left at the path goes. */
export const listenForRequests = async (path: string, supervisor: Supervisor): Promise<Server> => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  rmSync(path, { force: true });
  const server = createServer((socket) => void serve(socket, supervisor));
  await withSocketPath(
    path,
    (short) =>
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(short, resolve);
      }),
  );
  chmodSync(path, 0o600);
  return server;
};

const Answered = t.union([t.strict({ error: t.string }), t.type({ ok: t.unknown })], 'SupervisorAnswer');

/** The path is no longer needed once it has connected. */
const connected = async (path: string): Promise<Socket> =>
  withSocketPath(
    path,
    (short) =>
      new Promise((resolve, reject) => {
        const socket = createConnection(short);
        socket.once('error', reject);
        socket.once('connect', () => {
          socket.off('error', reject);
          resolve(socket);
        });
      }),
  );

const exchange = async (path: string, request: Request): Promise<string> => {
  const socket = await connected(path);
  try {
    const answer = lineFrom(socket);
    socket.write(`${JSON.stringify(request)}\n`);
    return await answer;
  } finally {
    socket.destroy();
  }
};

const ask = async (path: string, request: Request): Promise<unknown> => {
  try {
    const decoded = Answered.decode(JSON.parse(await exchange(path, request)));
    if (E.isLeft(decoded)) throw new Error('the supervisor answered what nobody understands');
    if ('error' in decoded.right) throw new Error(decoded.right.error);
    return decoded.right.ok;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ECONNREFUSED') throw error;
    throw new Error(`the host's supervisor does not answer at ${path} (${code})`, { cause: error });
  }
};

/** Every service it knows. */
export const listServices = (path: string): Promise<readonly ServiceLine[]> =>
  ask(path, { verb: 'list', name: '' }) as Promise<readonly ServiceLine[]>;

/** The services of a host, through its supervisor's socket. */
export const supervisorClient = (path: string): ServiceManager => {
  const act =
    (verb: Act) =>
    async (name: string): Promise<void> => {
      await ask(path, { verb, name });
    };
  return {
    state: (name) => ask(path, { verb: 'state', name }) as Promise<ServiceState>,
    start: act('start'),
    stop: act('stop'),
    restart: act('restart'),
    reload: act('reload'),
    enable: act('enable'),
    disable: act('disable'),
    readUnits: () => Promise.resolve(),
  };
};
