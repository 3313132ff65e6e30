/** The EC2 door: one signed Query request in, XML out. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hex } from '../runtime/chance.js';
import { millis } from '../api-types/units.js';
import { ACTIONS } from './actions/actions.js';
import { apiError, internalError, requestLimitExceeded, type ApiError, type Result } from './api-error.js';
import type { Buckets } from './buckets.js';
import type { CallLedger } from './ledger.js';
import type { Action, LocalCloud } from './context.js';
import type { AnswerFault } from './faults.js';
import { readBody, send } from './http.js';
import { isTrue, parseParams, type Params } from './query.js';
import { checkSignature, type SignatureRules } from './signature.js';
import { answerXml, errorXml, stsAnswerXml, type Xml } from './xml.js';

export interface QueryDoor {
  readonly cloud: LocalCloud;
  readonly rules: SignatureRules;
  readonly buckets: Buckets;
  readonly ledger: CallLedger;
}

interface Call {
  readonly name: string;
  readonly action: Action;
  readonly params: Params;
  readonly accessKey: string;
}

/** What goes back: XML, or a connection that just ends. */
type Outcome = { readonly drop: true } | { readonly drop: false; readonly result: Result<Xml> };

const refuse = (error: ApiError): Result<never> => E.left(error);

const NEITHER_IDS_NOR_FILTERS: ReadonlySet<string> = new Set([
  'Action',
  'Version',
  'NextToken',
  'DryRun',
  'IncludeAllInstances',
]);

const wantsEverything = (params: Params): boolean =>
  [...params.keys()].every((name) => NEITHER_IDS_NOR_FILTERS.has(name));

/** Reads and checks the request: who asks for what. */
const callOf = async (door: QueryDoor, request: IncomingMessage): Promise<Result<Call>> => {
  const body = await readBody(request);
  if (body === null)
    return refuse(apiError('RequestEntityTooLarge', 'The request is larger than 4 MiB', 413));
  const url = new URL(request.url ?? '/', 'http://local.invalid');
  const signed = { method: request.method ?? 'GET', path: url.pathname, query: url.searchParams };
  const accessKey = await checkSignature({ ...signed, headers: request.headers, body }, door.rules);
  if (E.isLeft(accessKey)) return accessKey;
  const params = new Map([...parseParams(url.search.slice(1)), ...parseParams(body)]);
  const name = params.get('Action') ?? '';
  const action = ACTIONS.get(name);
  if (action === undefined)
    return refuse(apiError('InvalidAction', `The action '${name}' is not valid for this web service.`));
  return E.right({ name, action, params, accessKey: accessKey.right });
};

const throttled = (door: QueryDoor, { name, action, params, accessKey }: Call): boolean =>
  door.cloud.faults.takeThrottle(name) ||
  !door.buckets.take({
    accessKey,
    action: name,
    everything: wantsEverything(params),
    machines: action.machines?.(params) ?? 0,
  });

const dryRun = apiError('DryRunOperation', 'Request would have succeeded, but DryRun flag is set.', 412);

const carryOut = async (door: QueryDoor, call: Call): Promise<Result<Xml>> => {
  if (isTrue(call.params, 'DryRun')) return refuse(dryRun);
  const result = call.action.handle(door.cloud, call.params);
  await door.cloud.world.flushed();
  return result;
};

const afterFault = async (
  door: QueryDoor,
  fault: AnswerFault,
  result: () => Promise<Result<Xml>>,
): Promise<Outcome> => {
  const truth = fault.when === 'after' ? await result() : null;
  await door.cloud.clock.sleep(millis(fault.delayMillis));
  if (fault.drop) return { drop: true };
  if (fault.error !== null) return { drop: false, result: refuse({ _tag: 'ApiError', ...fault.error }) };
  return { drop: false, result: truth ?? (await result()) };
};

const outcomeOf = async (door: QueryDoor, call: Call): Promise<Outcome> => {
  door.ledger.called(call.accessKey, call.name);
  if (throttled(door, call)) {
    door.ledger.throttled(call.accessKey, call.name);
    return { drop: false, result: refuse(requestLimitExceeded) };
  }
  const fault = door.cloud.faults.takeAnswer(call.name);
  const result = (): Promise<Result<Xml>> => carryOut(door, call);
  return fault === null ? { drop: false, result: await result() } : afterFault(door, fault, result);
};

const sendResult = (
  response: ServerResponse,
  call: Call | null,
  result: Result<Xml>,
  requestId: string,
): void => {
  if (E.isLeft(result)) {
    send(response, result.left.status, 'text/xml;charset=UTF-8', errorXml(result.left, requestId));
    return;
  }
  const xml = call?.action.sts === true ? stsAnswerXml : answerXml;
  send(response, 200, 'text/xml;charset=UTF-8', xml(call?.name ?? '', requestId, result.right));
};

/** Answers one request; a defect in a handler is an InternalError to the caller and a line in the log. */
export const answerQuery = async (
  door: QueryDoor,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const requestId = requestIdFrom(hex(door.cloud.chance, 16));
  try {
    const call = await callOf(door, request);
    if (E.isLeft(call)) {
      sendResult(response, null, call, requestId);
      return;
    }
    const outcome = await outcomeOf(door, call.right);
    if (outcome.drop) response.destroy();
    else sendResult(response, call.right, outcome.result, requestId);
  } catch (error) {
    door.cloud.log.error('a call failed inside the local cloud', { error, requestId });
    sendResult(response, null, refuse(internalError), requestId);
  }
};

const requestIdFrom = (digits: string): string => digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
