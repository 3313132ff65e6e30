/** The agent's plain requests to a gateway: enrolment, snapshots, secrets and packs, sent from the host's own address. */
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import { gunzipSync } from 'node:zlib';
import {
  AGENT_PATH,
  DIRECT,
  EnrolAnswer,
  type EnrolRequest,
  MACHINE_HEADER,
  PieceAnswer,
  SecretAnswer,
} from '../api-types/agent-protocol.js';
import type { Millis } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import * as E from 'fp-ts/lib/Either.js';
import { trusting } from './trust.js';

/** What asking gateways takes; who has further attempts waits in between. */
export interface Asking {
  /** The way to the gateway whose turn it is; further attempts go to others, where there are any. */
  readonly route: (attempt: number) => Route;
  readonly credential: () => Credential;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** The agent ends. */
  readonly signal: AbortSignal;
}

export interface Route {
  /** Base URL of the gateway. */
  readonly gateway: string;
  /** The address to send from; null: the system chooses. */
  readonly localAddress: string | null;
  /** PEM of the authority that signs the gateways' certificates; null: the system's authorities. */
  readonly authority: string | null;
  /** How long to wait for an answer. */
  readonly patience: Millis;
}

/** The gateway knows no such snapshot (any more). */
export class SnapshotGone extends Error {}

/** A snapshot is at most a store value, 1 MiB, but may be sent uncompressed with room to spare. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

interface Answer {
  readonly status: number;
  readonly retryAfterSeconds: number | null;
  readonly text: string;
}

type Requester = (
  url: URL,
  options: RequestOptions,
  answered: (answer: IncomingMessage) => void,
) => ClientRequest;

/** TLS is loaded only where it is used: start-up is to be light. */
const requesterOf = async (url: URL): Promise<Requester> =>
  url.protocol === 'https:' ? (await import('node:https')).request : (await import('node:http')).request;

const textOf = async (answer: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  const whole = Buffer.concat(chunks);
  return (answer.headers['content-encoding'] === 'gzip' ? gunzipSync(whole) : whole).toString('utf8');
};

type Body = string | Buffer;

const askAt = async (url: URL, options: RequestOptions, body?: Body): Promise<IncomingMessage> => {
  const request = await requesterOf(url);
  return new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request(url, { ...options, agent: false }, resolve);
    sent.on('error', reject);
    sent.on('timeout', () => {
      sent.destroy(
        new Error(`no answer from ${url.origin} within ${String((options.timeout ?? 0) / 1000)} s`),
      );
    });
    sent.end(body);
  });
};

/** The answer of a gateway, its body unread. `patience` is for the beginning of the answer, and then for each piece of it. */
export const ask = (
  { gateway, localAddress, patience, authority }: Route,
  path: string,
  options: RequestOptions,
  body?: Body,
): Promise<IncomingMessage> => {
  const more = { ...(localAddress === null ? {} : { localAddress }), ...trusting(authority) };
  return askAt(new URL(AGENT_PATH + path, gateway), { ...options, ...more, timeout: patience }, body);
};

const read = async (answer: IncomingMessage): Promise<Answer> => {
  const retryAfter = Number(answer.headers['retry-after']);
  return {
    status: answer.statusCode ?? 0,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : null,
    text: await textOf(answer),
  };
};

const send = async (route: Route, path: string, options: RequestOptions, body?: Body): Promise<Answer> =>
  read(await ask(route, path, options, body));

export type Enrolment =
  | { readonly _tag: 'Enrolled'; readonly answer: EnrolAnswer }
  | { readonly _tag: 'NotYet'; readonly afterSeconds: number }
  | { readonly _tag: 'Refused'; readonly status: number; readonly message: string };

const refused = ({ status, text }: Answer): Enrolment => ({ _tag: 'Refused', status, message: text });

/** Asks for the host's own credential. Rejects when the gateway cannot be reached. */
export const enrol = async (route: Route, request: EnrolRequest): Promise<Enrolment> => {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const answer = await send(route, '/enrol', options, JSON.stringify(request));
  if (answer.status === 202) return { _tag: 'NotYet', afterSeconds: answer.retryAfterSeconds ?? 1 };
  if (answer.status !== 200) return refused(answer);
  const decoded = EnrolAnswer.decode(JSON.parse(answer.text));
  return E.isRight(decoded) ? { _tag: 'Enrolled', answer: decoded.right } : refused(answer);
};

/** Who a host is to its gateways. */
export interface Credential {
  readonly machine: string;
  readonly credential: string;
}

const asHost = ({ machine, credential }: Credential): Readonly<Record<string, string>> => ({
  authorization: `Bearer ${credential}`,
  [MACHINE_HEADER]: machine,
  'accept-encoding': 'gzip',
});

/** A gateway said no; the message is its own, for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

const refusalOf = ({ status, text }: Answer): Refusal => {
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    if (typeof message === 'string') return new Refusal(status, message);
  } catch {
    // no Status object: the text itself is all there is
  }
  return new Refusal(status, `the gateway answered ${String(status)}: ${text}`);
};

/** The values of a Secret of the host's own cluster, by their keys. Rejects with a Refusal, or when there is no answer. */
export const fetchSecret = async (
  route: Route,
  who: Credential,
  { name, signal }: { readonly name: string; readonly signal?: AbortSignal },
): Promise<Readonly<Record<string, string>>> => {
  const options = { headers: asHost(who), ...(signal === undefined ? {} : { signal }) };
  const answer = await send(route, `/secrets/${encodeURIComponent(name)}`, options);
  if (answer.status !== 200) throw refusalOf(answer);
  const decoded = SecretAnswer.decode(JSON.parse(answer.text));
  if (E.isRight(decoded)) return decoded.right;
  throw new Error(`the secret ${name}: expected texts by their keys`);
};

/** Fetches a snapshot of the host's own cluster. */
export const fetchSnapshot = async (route: Route, who: Credential, digest: string): Promise<unknown> => {
  const answer = await send(route, `/snapshots/${digest}`, { headers: asHost(who) });
  if (answer.status === 404) throw new SnapshotGone(`snapshot ${digest} is no longer kept`);
  if (answer.status !== 200) throw new Error(`the gateway answered ${String(answer.status)}: ${answer.text}`);
  return JSON.parse(answer.text);
};

export interface WantedPack {
  readonly digest: string;
  /** From the gateway itself, wherever it is kept. */
  readonly direct: boolean;
  /** Called when the gateway says that it is to be had elsewhere, before that is asked. */
  readonly sentElsewhere: () => void;
  readonly signal: AbortSignal;
}

/** Where it is kept nobody is told who asks: the address is the permission, and whose it is only the gateway knows. */
const fetchThere = async (
  location: string,
  { patience }: Route,
  signal: AbortSignal,
): Promise<IncomingMessage> => {
  const url = new URL(location);
  const answer = await askAt(url, { signal, timeout: patience });
  if (answer.statusCode === 200) return answer;
  answer.resume();
  throw new Error(`${url.host}, where a gateway says that it is, answered ${String(answer.statusCode)}`);
};

/** The pack of that digest, as it comes; rejects with a Refusal, or when there is no answer. */
export const fetchPack = async (
  route: Route,
  who: Credential,
  { digest, direct, sentElsewhere, signal }: WantedPack,
): Promise<IncomingMessage> => {
  const path = `/packs/${digest}${direct ? `?${DIRECT}` : ''}`;
  const answer = await ask(route, path, { headers: asHost(who), signal });
  const { location } = answer.headers;
  if (answer.statusCode === 307 && location !== undefined) {
    answer.resume();
    sentElsewhere();
    return fetchThere(location, route, signal);
  }
  if (answer.statusCode !== 200) throw refusalOf(await read(answer));
  return answer;
};

export interface SentPiece {
  readonly digest: string;
  /** Of the whole. */
  readonly bytes: number;
  readonly at: number;
  readonly content: Buffer;
  readonly signal: AbortSignal;
}

export interface PieceTaken {
  /** The gateway has all of it, and it is what its name says. */
  readonly there: boolean;
  readonly received: number;
}

/** Brings a piece of a pack. Rejects with a Refusal, or when there is no answer. */
export const sendPiece = async (
  route: Route,
  who: Credential,
  { digest, bytes, at, content, signal }: SentPiece,
): Promise<PieceTaken> => {
  const path = `/packs/${digest}?bytes=${String(bytes)}&at=${String(at)}`;
  const headers = { ...asHost(who), 'content-length': String(content.length) };
  const answer = await send(route, path, { method: 'PUT', headers, signal }, content);
  if (![201, 202, 409].includes(answer.status)) throw refusalOf(answer);
  const decoded = PieceAnswer.decode(JSON.parse(answer.text));
  if (E.isLeft(decoded)) throw new Error('the gateway does not say how much it has received');
  return { there: answer.status === 201, received: decoded.right.received };
};
