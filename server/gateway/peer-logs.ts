/** Logs of hosts that are connected to another gateway: asked of that one. */
import type { ClientRequest, IncomingMessage, RequestOptions, ServerResponse } from 'node:http';
import { AGENT_PATH, GATEWAY_HEADER } from '../../api-types/agent-protocol.js';
import { failureStatus } from '../../api-types/status.js';
import type { LogReader, LogsAsked, OpenLog } from '../logs/port.js';
import { streamed } from '../logs/stream.js';

export interface Peer {
  readonly url: string;
  /** This gateway's id. */
  readonly id: string;
  readonly token: string;
  readonly authority: string | null;
}

const PATIENCE_MS = 10_000;
const LONGEST_PROBLEM = 4_096;

type Requester = (
  url: URL,
  options: RequestOptions,
  answered: (answer: IncomingMessage) => void,
) => ClientRequest;

const requesterOf = async ({ protocol }: URL): Promise<Requester> =>
  protocol === 'https:' ? (await import('node:https')).request : (await import('node:http')).request;

const urlOf = ({ url }: Peer, machine: string, { tail, follow, event }: LogsAsked): URL => {
  const at = new URL(`${AGENT_PATH}/logs`, url);
  at.search = new URLSearchParams({
    machine,
    tail: String(tail),
    follow: String(follow),
    ...(event === null ? {} : { event }),
  }).toString();
  return at;
};

const problemOf = async (answer: IncomingMessage): Promise<string> => {
  let text = '';
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    if (text.length > LONGEST_PROBLEM) break;
  }
  try {
    return String((JSON.parse(text) as { readonly message?: unknown }).message);
  } catch {
    return `the gateway it is connected to answered ${String(answer.statusCode)}`;
  }
};

const relay = async (answer: IncomingMessage, reader: LogReader): Promise<void> => {
  if (answer.statusCode !== 200) {
    reader.end(await problemOf(answer));
    return;
  }
  answer.setEncoding('utf8');
  let rest = '';
  reader.lines([]);
  for await (const chunk of answer as AsyncIterable<string>) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) reader.lines(lines);
  }
  reader.end(null);
};

/** Asks the peer; the answer stops it. */
export const askPeer = (peer: Peer, machine: string, asked: LogsAsked, reader: LogReader): (() => void) => {
  const stop = new AbortController();
  const broken = (error: unknown): void => {
    if (!stop.signal.aborted)
      reader.end(`the gateway it is connected to cannot be reached: ${String(error)}`);
  };
  const begin = async (): Promise<void> => {
    const url = urlOf(peer, machine, asked);
    const request = await requesterOf(url);
    const headers = { authorization: `Bearer ${peer.token}`, [GATEWAY_HEADER]: peer.id };
    const ca = peer.authority === null ? {} : { ca: peer.authority };
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const sent = request(url, { ...ca, headers, agent: false, signal: stop.signal }, (answered) => {
        sent.setTimeout(0);
        resolve(answered);
      });
      sent.on('error', reject);
      sent.setTimeout(PATIENCE_MS, () => sent.destroy(new Error('no answer in time')));
      sent.end();
    });
    await relay(answer, reader);
  };
  void begin().catch(broken);
  return () => {
    stop.abort();
  };
};

export interface Answering {
  readonly open: OpenLog;
  readonly stopped: AbortSignal;
}

/** Answers another gateway, whose token was checked, for a host that is connected here. */
export const answerPeer = async (
  request: IncomingMessage,
  response: ServerResponse,
  { open, stopped }: Answering,
): Promise<void> => {
  const { searchParams: query } = new URL(request.url ?? '/', 'http://gateway');
  const asked = {
    tail: Math.max(0, Math.min(10_000, Number(query.get('tail')) || 0)),
    follow: query.get('follow') === 'true',
    event: query.get('event'),
  };
  const problem = await streamed({
    open: (reader) => open(query.get('machine') ?? '', asked, reader),
    response,
    valid: () => true,
    closing: stopped,
  });
  if (problem === null) return;
  response.writeHead(503, { 'content-type': 'application/json' });
  response.end(JSON.stringify(failureStatus(503, 'ServiceUnavailable', problem)));
};
