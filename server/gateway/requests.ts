/** The gateway's plain requests: enrolment, and what hosts read: snapshots, secrets and packs. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as E from 'fp-ts/lib/Either.js';
import {
  AGENT_PATH,
  DIRECT,
  type EnrolAnswer,
  EnrolRequest,
  PIECE_BYTES,
} from '../../api-types/agent-protocol.js';
import { decodeLoose, problemText } from '../../api-types/problems.js';
import { failureStatus } from '../../api-types/status.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { batchToken, machineCredential, peerToken, sameToken } from '../../runtime/tokens.js';
import type { ShelfFile } from '../../runtime/shelf.js';
import { type Counters, countRefusal } from './counters.js';
import { askerOf, bearer, remoteOf } from './credentials.js';
import { judgeEnrolment, type Verdict } from './enrolment.js';
import type { Recorder } from './first-words.js';
import type { CatchUp } from './freshness.js';
import type { OpenLog } from '../logs/port.js';
import { Sending } from '../sending.js';
import { answerPeer } from './peer-logs.js';
import { isFile, type ReadPack } from './packs.js';
import type { TakePiece } from './uploads.js';
import type { Place, Places } from './places.js';
import type { ReadSecret } from './secrets.js';
import type { ReadSnapshot } from './snapshots.js';
import type { Throttle } from './throttle.js';
import type { Warn } from './warnings.js';

const MAX_BODY_BYTES = 16 * 1024;

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  413: 'RequestEntityTooLarge',
  429: 'TooManyRequests',
};

export interface RequestsDependencies {
  readonly installationKey: Buffer;
  readonly places: Places;
  readonly recorder: Recorder;
  readonly snapshots: ReadSnapshot;
  readonly secrets: ReadSecret;
  readonly packs: ReadPack;
  /** Of packs that hosts bring. */
  readonly pieces: TakePiece;
  readonly throttle: Throttle;
  readonly warn: Warn;
  readonly catchUp: CatchUp;
  readonly counters: Counters;
  /** Of hosts that are connected to this very gateway. */
  readonly openHere: OpenLog;
  readonly stopped: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

interface Answer {
  readonly code: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer | ShelfFile;
}

const failure = (code: number, reason: string, message: string, headers = {}): Answer => ({
  code,
  headers,
  body: JSON.stringify(failureStatus(code, reason, message)),
});

/** Null: it is longer. */
const bytesOf = async (request: IncomingMessage, most: number): Promise<Buffer | null> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const textOf = async (request: IncomingMessage): Promise<string | null> =>
  (await bytesOf(request, MAX_BODY_BYTES))?.toString('utf8') ?? null;

const enrolRequestOf = (text: string | null): E.Either<string, EnrolRequest> => {
  if (text === null) return E.left(`expected at most ${String(MAX_BODY_BYTES)} bytes`);
  try {
    const decoded = decodeLoose(EnrolRequest, JSON.parse(text));
    return E.isRight(decoded) ? decoded : E.left(decoded.left.map(problemText).join('; '));
  } catch {
    return E.left('expected JSON');
  }
};

const queryOf = ({ url = '' }: IncomingMessage): URLSearchParams =>
  new URLSearchParams(url.split('?')[1] ?? '');

/** What a host is answered; the query is what it asked beside the name. */
type Reader = (place: Place, name: string, query: URLSearchParams) => Promise<Answer>;

const tooMany = failure(429, 'TooManyRequests', 'too many refused requests from this address; wait', {
  'retry-after': '5',
});

/** No 503: who waits in a queue is to wait for longer than for what is broken. */
const busy = failure(429, 'TooManyRequests', 'many hosts fetch packs now; try again', {
  'retry-after': '5',
});

export class Requests {
  private readonly sending: Sending;

  constructor(private readonly with_: RequestsDependencies) {
    this.sending = new Sending(with_.clock);
  }

  /** Answers; never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let answer: Answer;
    try {
      if (await this.isPeer(request, response)) return;
      answer = await this.answer(request);
    } catch (error) {
      this.with_.log.warn('an agent request failed', { error: String(error) });
      answer = failure(503, 'ServiceUnavailable', 'the store did not answer; try again', {
        'retry-after': '1',
      });
    }
    const full = isFile(answer.body) && !this.sending.hasRoom(response);
    await this.send(full ? busy : answer, response).catch((error: unknown) => {
      this.with_.log.warn('an agent was not answered', { error: String(error) });
      response.destroy();
    });
  }

  private async send({ code, headers, body }: Answer, response: ServerResponse): Promise<void> {
    const bytes = isFile(body) ? body.bytes : Buffer.byteLength(body);
    this.with_.counters.bytesSent += bytes;
    response.writeHead(code, {
      'content-type': 'application/json',
      'content-length': String(bytes),
      ...headers,
    });
    if (isFile(body))
      await this.sending.send(body, response); // a host that goes away in the middle asks again
    else response.end(body);
  }

  /** Another gateway asks for a host's log: the response is taken. */
  private async isPeer(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const { installationKey, openHere: open, stopped } = this.with_;
    const path = (request.url ?? '').split('?')[0];
    if (request.method !== 'GET' || path !== `${AGENT_PATH}/logs`) return false;
    if (!sameToken(bearer(request), peerToken(installationKey))) return false;
    await answerPeer(request, response, { open, stopped });
    return true;
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (request.method === 'POST' && path === `${AGENT_PATH}/enrol`) return this.enrol(request);
    if (request.method === 'PUT' && path.startsWith(`${AGENT_PATH}/packs/`)) return this.piece(request, path);
    const read = request.method === 'GET' ? this.readerOf(request, path) : null;
    if (read !== null) return this.asHost(request, read);
    return failure(404, 'NotFound', `there is no ${String(request.method)} ${path} here`);
  }

  /** Null: hosts read nothing there. */
  private readerOf(request: IncomingMessage, path: string): ((place: Place) => Promise<Answer>) | null {
    const [what = '', name = '', ...more] = path.slice(AGENT_PATH.length + 1).split('/');
    const read = Object.hasOwn(this.readers, what) ? this.readers[what] : undefined;
    return read === undefined || name === '' || more.length > 0
      ? null
      : (place) => read(place, name, queryOf(request));
  }

  private async enrol(request: IncomingMessage): Promise<Answer> {
    const body = enrolRequestOf(await textOf(request));
    if (E.isLeft(body)) {
      countRefusal(this.with_.counters, 'BadRequest');
      return failure(400, 'BadRequest', `the enrolment: ${body.left}`);
    }
    const verdict = await this.judgeWell(body.right);
    if (verdict._tag === 'NotYet') return { code: 202, headers: { 'retry-after': '1' }, body: '{}' };
    if (verdict._tag === 'Refuse') return this.refuse(request, body.right, verdict);
    this.with_.counters.enrolled += 1;
    const { instance, cluster, uid } = verdict.place;
    const credential = machineCredential(this.with_.installationKey, body.right.machine, uid);
    const answer: EnrolAnswer = { credential, instance, cluster };
    return { code: 200, body: JSON.stringify(answer) };
  }

  /** A cache that lags behind another control plane's launch must not send the launched machine away. */
  private async judgeWell(asked: EnrolRequest): Promise<Verdict> {
    const verdict = this.judge(asked);
    if (verdict._tag !== 'Refuse' || verdict.reason !== 'NotOfBatch') return verdict;
    return (await this.with_.catchUp()) ? this.judge(asked) : { _tag: 'NotYet' };
  }

  private judge(asked: EnrolRequest): Verdict {
    const { places, recorder, installationKey } = this.with_;
    return judgeEnrolment(asked, {
      tokenHolds: sameToken(asked.token, batchToken(installationKey, asked.batch)),
      place: places.get(asked.machine),
      batch: places.batch(asked.cluster, asked.role, asked.batch),
      inUse: recorder.spoke(asked.machine),
    });
  }

  private refuse(
    request: IncomingMessage,
    { machine, batch }: EnrolRequest,
    { code, reason, message }: Extract<Verdict, { _tag: 'Refuse' }>,
  ): Answer {
    const { counters, throttle, places, warn, log } = this.with_;
    const remote = remoteOf(request);
    countRefusal(counters, reason);
    if (!throttle.refused(remote)) return tooMany;
    log.warn('enrolment refused', { machine, batch, reason, remote });
    const place = places.get(machine);
    if (reason === 'Spent' && place !== null)
      warn(
        place,
        'EnrolmentRefused',
        `somebody tried to enrol as machine ${machine} again, whose place is spent: see the log for the address`,
      );
    return failure(code, code === 401 ? 'Unauthorized' : 'Forbidden', message);
  }

  /** What hosts may read, by the first part of its path. */
  private readonly readers: Readonly<Record<string, Reader>> = {
    snapshots: (place, digest) => this.snapshot(place, digest),
    secrets: (place, name) => this.secret(place, name),
    packs: (place, digest, query) => this.pack(place, digest, query.has(DIRECT)),
  };

  private async asHost(request: IncomingMessage, read: (place: Place) => Promise<Answer>): Promise<Answer> {
    const { installationKey, places, counters, throttle } = this.with_;
    const asker = askerOf(request, installationKey, places);
    if (asker._tag !== 'Host') {
      counters.connectionsRefused += 1;
      if (!throttle.refused(remoteOf(request))) return tooMany;
      return failure(401, 'Unauthorized', 'the credential is not that of the machine');
    }
    return read(asker.place);
  }

  private async secret(place: Place, name: string): Promise<Answer> {
    const found = await this.with_.secrets(place, name);
    if (E.isLeft(found)) return failure(found.left.code, found.left.reason, found.left.message);
    return { code: 200, headers: { 'cache-control': 'no-store' }, body: JSON.stringify(found.right) };
  }

  private async pack(place: Place, digest: string, direct: boolean): Promise<Answer> {
    const found = await this.with_.packs(place, digest, direct);
    if (E.isLeft(found)) return failure(404, 'NotFound', found.left);
    const given = found.right;
    if (given._tag === 'Link')
      return { code: 307, headers: { location: given.url, 'cache-control': 'no-store' }, body: '{}' };
    return { code: 200, headers: { 'content-type': 'application/gzip' }, body: given.file };
  }

  private piece(request: IncomingMessage, path: string): Promise<Answer> {
    return this.asHost(request, async (place) => {
      const query = queryOf(request);
      const content = await bytesOf(request, PIECE_BYTES);
      const [at, bytes] = [Number(query.get('at')), Number(query.get('bytes'))];
      if (content === null || !Number.isSafeInteger(at) || !Number.isSafeInteger(bytes))
        return failure(400, 'BadRequest', `expected a piece of at most ${String(PIECE_BYTES)} bytes`);
      const digest = path.slice(`${AGENT_PATH}/packs/`.length);
      const { code, message, received } = await this.with_.pieces(place, { digest, at, bytes, content });
      if (code < 400 || code === 409) return { code, body: JSON.stringify({ received }) };
      return failure(code, REASONS[code] ?? 'InternalError', message);
    });
  }

  private async snapshot(place: Place, digest: string): Promise<Answer> {
    const found = await this.with_.snapshots(place.cluster, digest);
    if (found === null) return failure(404, 'NotFound', `cluster ${place.cluster} has no snapshot ${digest}`);
    return { code: 200, headers: { 'content-encoding': 'gzip' }, body: found };
  }
}
