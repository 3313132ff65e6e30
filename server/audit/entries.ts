/** Which answers are worth a line in the audit log, and what it says. */
import * as E from 'fp-ts/lib/Either.js';
import type { SecretSpec } from '../../api-types/kinds/secret.js';
import type { ApiObject } from '../../api-types/metadata.js';
import { timestamp } from '../../runtime/clock.js';
import type { Proof } from '../access/access.js';
import type { AuditedChange, Context } from '../context.js';
import type { Asked } from '../door.js';
import type { Handled } from '../handler.js';
import { API_PATH } from '../routes.js';
import { maskedSpec } from '../secrets/mask.js';
import type { AuditEntry } from './audit.js';

const proofText = (proof: Proof): string => {
  switch (proof.by) {
    case 'token':
      return `token:${proof.token}`;
    case 'agent':
      return `agent:${proof.machine}`;
    default:
      return proof.by;
  }
};

const READS = ['get', 'list', 'watch', 'head'];
const REFUSALS = [401, 403, 429];

/** Questions that are asked with POST. */
const QUESTIONS = [`${API_PATH}/plan`, '/apis/authorization.k8s.io/', '/apis/authentication.k8s.io/'];

const changeOf = (answer: Handled['answer']): AuditedChange | null =>
  answer !== null && E.isRight(answer) ? (answer.right.audit ?? null) : null;

const verbOf = (asked: Asked, { answer, attributes }: Handled): string =>
  changeOf(answer)?.verb ?? attributes?.verb ?? asked.method.toLowerCase();

/** Every write and every refusal; of reads those that say of themselves that they are. */
const worthALine = (asked: Asked, handled: Handled): boolean => {
  if (REFUSALS.includes(codeOf(handled.answer)) || changeOf(handled.answer)?.verb !== undefined) return true;
  if (QUESTIONS.some((path) => asked.path.startsWith(path))) return false;
  return !READS.includes(verbOf(asked, handled));
};

const codeOf = (answer: Handled['answer']): number =>
  answer === null ? 200 : E.isLeft(answer) ? answer.left.code : answer.right.code;

const callerOf = ({ answer, caller }: Handled): Pick<AuditEntry, 'user' | 'proof'> => ({
  user: caller?.user ?? changeOf(answer)?.user ?? '',
  proof: caller === null ? 'none' : proofText(caller.proof),
});

const NO_RESOURCE = { kind: null, cluster: null, name: null, subresource: null };

/** Whoever creates an object names it (or has it named) in the body, not in the path. */
const createdName = (answer: Handled['answer']): string | null => {
  const after = changeOf(answer)?.after ?? null;
  return after === null ? null : (after as ApiObject).metadata.name;
};

const resourceOf = ({ answer, attributes }: Handled): Pick<AuditEntry, keyof typeof NO_RESOURCE> => {
  if (attributes === null || attributes.resource === null) return NO_RESOURCE;
  const { view, cluster, name, sub } = attributes.resource;
  return { kind: view.kind, cluster, name: name ?? createdName(answer), subresource: sub };
};

/** Labels, annotations and spec; of a Secret only which values there are, whoever hands it here. */
const auditedObject = (object: unknown): unknown => {
  if (typeof object !== 'object' || object === null) return null;
  const { kind, metadata, spec } = object as ApiObject;
  return {
    labels: metadata.labels,
    annotations: metadata.annotations,
    spec: kind === 'Secret' ? maskedSpec(spec as SecretSpec) : spec,
  };
};

/** What a client says of itself must not fill the log. */
const LONGEST_TEXT = 1024;

const cut = (text: string): string => text.slice(0, LONGEST_TEXT);

const entryOf = (context: Context, asked: Asked, handled: Handled): AuditEntry => ({
  time: timestamp(context.clock.now()),
  ...callerOf(handled),
  address: asked.request.socket.remoteAddress ?? '',
  userAgent: cut(asked.request.headers['user-agent'] ?? ''),
  verb: verbOf(asked, handled),
  ...resourceOf(handled),
  path: cut(asked.path),
  allowed: !REFUSALS.includes(codeOf(handled.answer)),
  reason: handled.reason,
  code: codeOf(handled.answer),
  dryRun: changeOf(handled.answer)?.dryRun ?? asked.query.getAll('dryRun').some((value) => value !== ''),
  before: auditedObject(changeOf(handled.answer)?.before),
  after: auditedObject(changeOf(handled.answer)?.after),
});

/** Writes the line of an answered request, if it is worth one. */
export const auditAnswer = (context: Context, asked: Asked, handled: Handled): void => {
  if (worthALine(asked, handled)) context.audit.write(entryOf(context, asked, handled));
};
