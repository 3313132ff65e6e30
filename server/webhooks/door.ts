/**
 * `POST /webhooks/git`: a Git host tells of a push. Nobody logs in: a signature with an Application's token is the proof.
 * What is said to callers without one is the same whatever there is.
 */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { type Status, failureStatus } from '../../api-types/status.js';
import type { Caller } from '../access/access.js';
import { bodyBytes, jsonIn } from '../body.js';
import type { Answer, Context } from '../context.js';
import type { Asked, Door } from '../door.js';
import { remoteOf } from '../gateway/credentials.js';
import { refusedAs } from '../refusal.js';
import { badRequest, tooLarge, tooManyRequests } from '../statuses.js';
import { type Made, type Proven, WEBHOOK, madeFor } from './making.js';
import { isDeployed, proven } from './matching.js';
import { type Call, callOf } from './proof.js';
import { type Push, type Told, toldBy } from './push.js';

const MOST_BYTES = 1024 * 1024;

const TOO_LARGE =
  'the payload is larger than 1 MiB: too much was pushed at once; deploy it by hand (scalarium deploy APP --revision COMMIT)';

const UNPROVEN =
  'the signature (or token) is missing or wrong, or nothing is deployed from this repository: the secret of the webhook has to be `token` of the Secret that the Application names in spec.webhook.secret';

/** GitHub sends a form unless told to send JSON. */
const payloadOf = (asked: Asked, body: Buffer): E.Either<Status, unknown> => {
  const [type = ''] = (asked.request.headers['content-type'] ?? '').toLowerCase().split(';');
  if (type.trim() !== 'application/x-www-form-urlencoded') return jsonIn(body);
  const text = new URLSearchParams(body.toString()).get('payload');
  return text === null ? E.left(badRequest('the form has no payload')) : jsonIn(Buffer.from(text));
};

/** A call that can be read. */
interface Read {
  readonly call: Call;
  readonly told: Told;
  readonly body: Buffer;
}

const callIn = async (asked: Asked): Promise<E.Either<Status, Read>> => {
  const bytes = await bodyBytes(asked.request, MOST_BYTES);
  if (E.isLeft(bytes)) return bytes.left.code === 413 ? E.left(tooLarge(TOO_LARGE)) : bytes;
  const body = bytes.right;
  const call = callOf(asked.request.headers, body);
  if (call === null)
    return E.left(badRequest('no Git host that is known sends this: GitHub, GitLab and Gitea are'));
  const payload = payloadOf(asked, body);
  if (E.isLeft(payload)) return payload;
  const told = toldBy(call.provider, call.event, payload.right);
  return told === null
    ? E.left(badRequest(`the payload is none of ${call.provider}`))
    : E.right({ call, told, body });
};

/** What is signed is what tells two pushes apart; a token that is only shown signs nothing. */
const identityOf = ({ call, body }: Read): string =>
  `${call.delivery}\n${createHash('sha256').update(body).digest('hex')}`;

const callerOf = ({ call, told }: Read): Caller => ({
  user: `${WEBHOOK}${call.provider}:${told.pusher}`,
  groups: [],
  proof: { by: 'webhook' },
  valid: () => true,
});

const AUDITED = 'webhook';

/** Said of a call that is proven. */
const answered = (code: number, message: string, user: string, made: readonly Made[] = []): Answer =>
  E.right({
    code,
    body: {
      message,
      deployments: made.map(({ cluster, name, answer }) => ({ cluster, name, created: E.isRight(answer) })),
    },
    audit: { before: null, after: null, verb: AUDITED, user },
  });

const isThere = ({ answer }: Made): boolean => E.isLeft(answer) && answer.left.code === 409;

/** What could not be made for a reason that may pass: the Git host is to call again. */
const failureIn = (made: readonly Made[]): Status | null => {
  for (const one of made) if (E.isLeft(one.answer) && !isThere(one)) return one.answer.left;
  return null;
};

interface Answering {
  readonly context: Context;
  readonly asked: Asked;
  readonly read: Read;
}

type Applications = ReturnType<typeof proven>;

/** Deploys a push to those of the applications that it is for. */
const deployed = async (
  { context, asked, read }: Answering,
  push: Push,
  applications: Applications,
): Promise<Answer> => {
  const caller = callerOf(read);
  const { user } = caller;
  const meant = applications.filter((one) => isDeployed(one, push.branch, read.told));
  if (meant.length === 0) return answered(200, 'no application deploys this branch', user);
  const about: Proven = { push, caller, identity: identityOf(read) };
  const made: Made[] = [];
  for (const application of meant) made.push(await madeFor(context, asked, application, about));
  const failed = failureIn(made);
  if (failed !== null) return refusedAs(failed, { verb: AUDITED, user });
  const many = made.filter(({ answer }) => E.isRight(answer)).length;
  const message = many === 0 ? 'this was told before: nothing is to be done' : `${String(many)} made`;
  return answered(many === 0 ? 200 : 201, message, user, made);
};

const settled = async (answering: Answering): Promise<Answer> => {
  const { context, asked, read } = answering;
  const { call, told } = read;
  // a ping of an organization's hook names no repository: it proves nothing, and is told nothing
  if (call.event === 'ping' && told.repositories.length === 0)
    return E.right({ code: 200, body: { message: 'pong' } });
  const applications = proven(context, call, told);
  if (applications.length === 0)
    return refusedAs(failureStatus(401, 'Unauthorized', UNPROVEN), { verb: AUDITED, user: '' });
  context.webhooks.giveBack(remoteOf(asked.request));
  const { push } = told;
  if (typeof push !== 'string') return deployed(answering, push, applications);
  const { user } = callerOf(read);
  return answered(200, call.event === 'ping' ? 'pong: the signature is good' : push, user);
};

const answer = async (context: Context, asked: Asked): Promise<Answer> => {
  const wait = context.webhooks.take(remoteOf(asked.request));
  if (wait > 0) return E.left(tooManyRequests('too many calls proved nothing', wait));
  const read = await callIn(asked);
  return E.isLeft(read) ? read : settled({ context, asked, read: read.right });
};

export const webhookDoor: Door = { method: 'POST', path: '/webhooks/git', anonymous: true, answer };
