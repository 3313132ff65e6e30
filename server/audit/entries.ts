/** Which answers are worth a line in the audit log, and what it says. */
import * as E from 'fp-ts/lib/Either.js';
import { timestamp } from '../../runtime/clock.js';
import type { Proof } from '../access/access.js';
import type { Context } from '../context.js';
import type { Asked } from '../door.js';
import type { Handled } from '../handler.js';
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

const worthALine = ({ answer, attributes }: Handled): boolean =>
  attributes !== null && (!READS.includes(attributes.verb) || (answer !== null && E.isLeft(answer)));

const codeOf = (answer: Handled['answer']): number =>
  answer === null ? 200 : E.isLeft(answer) ? answer.left.code : answer.right.code;

const callerOf = ({ caller }: Handled): Pick<AuditEntry, 'user' | 'proof'> => ({
  user: caller?.user ?? '',
  proof: caller === null ? 'none' : proofText(caller.proof),
});

const NO_RESOURCE = { kind: null, cluster: null, name: null, subresource: null };

const resourceOf = ({ attributes }: Handled): Pick<AuditEntry, keyof typeof NO_RESOURCE> => {
  if (attributes === null || attributes.resource === null) return NO_RESOURCE;
  const { view, cluster, name, sub } = attributes.resource;
  return { kind: view.kind, cluster, name, subresource: sub };
};

const entryOf = (context: Context, asked: Asked, handled: Handled): AuditEntry => ({
  time: timestamp(context.clock.now()),
  ...callerOf(handled),
  address: asked.request.socket.remoteAddress ?? '',
  userAgent: asked.request.headers['user-agent'] ?? '',
  verb: handled.attributes?.verb ?? '',
  ...resourceOf(handled),
  path: asked.path,
  allowed: codeOf(handled.answer) !== 403,
  reason: handled.reason,
  code: codeOf(handled.answer),
  dryRun: asked.query.has('dryRun'),
  before: null,
  after: null,
});

/** Writes the line of an answered request, if it is worth one. */
export const auditAnswer = (context: Context, asked: Asked, handled: Handled): void => {
  if (worthALine(handled)) context.audit.write(entryOf(context, asked, handled));
};
