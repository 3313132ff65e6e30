/** A Deployment for a push: the same call makes the same one, so that a call that is repeated makes no second. */
import { createHash } from 'node:crypto';
import * as E from 'fp-ts/lib/Either.js';
import { MADE_BY, type DeploymentSpec } from '../../api-types/kinds/deployment.js';
import { API_VERSION } from '../../api-types/metadata.js';
import type { Live } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import { auditAnswer } from '../audit/entries.js';
import type { Answer, Context } from '../context.js';
import type { Asked } from '../door.js';
import { conflicted, noSuchPath, statusOfFailure } from '../statuses.js';
import { findView } from '../views/views.js';
import { housed } from '../writes/admission.js';
import { createdObject } from '../writes/commit.js';
import { stamped } from '../writes/stamps.js';
import { ownersOfNew } from '../writes/wanted.js';
import { type Writing, aboutOf } from '../writes/writing.js';
import type { Push } from './push.js';

type Application = Live<'Application'>;

/** A push that is proven, and which call it was. */
export interface Proven {
  readonly push: Push;
  readonly caller: Caller;
  /** Differs for another push, and is the same when the same one is told again. */
  readonly identity: string;
}

const HASH_LETTERS = 12;
const LONGEST_NAME = 63;

const nameOf = ({ ref, uid }: Application, { identity }: Proven): string => {
  const hash = createHash('sha256').update(`${uid}\n${identity}`).digest('hex').slice(0, HASH_LETTERS);
  return `${ref.name.slice(0, LONGEST_NAME - HASH_LETTERS - 1)}-${hash}`;
};

/** Who pushes makes Deployments under such a name. */
export const WEBHOOK = 'webhook:';

/**
 * The Deployment that this very commit had already: of a release that can be gone back to, or of a push. A Git host that
 * delivers a push of last month again means no roll-back.
 */
const earlierOf = (context: Context, { ref, status }: Application, { push }: Proven): string | null => {
  const released = (status.releases ?? []).find(({ revision }) => revision === push.commit);
  if (released !== undefined) return released.deployment;
  const told = context.objects
    .list('Deployment', ref.cluster ?? '')
    .find(
      ({ spec, annotations }) =>
        spec.application === ref.name &&
        spec.revision === push.commit &&
        annotations[MADE_BY]?.startsWith(WEBHOOK) === true,
    );
  return told?.ref.name ?? null;
};

const specOf = ({ ref, spec }: Application, { push }: Proven): DeploymentSpec => ({
  application: ref.name,
  command: 'deploy',
  revision: push.commit,
  migrate: spec.webhook?.migrate ?? false,
  supersede: false,
  comment: push.subject === '' ? `push to ${push.branch}` : `${push.branch}: ${push.subject}`,
});

const writingOf = (context: Context, cluster: string | null, caller: Caller): Writing | null => {
  const view = findView(API_VERSION, 'deployments');
  if (view === null) return null;
  const options = {
    manager: 'webhook',
    named: true,
    dryRun: false,
    validation: 'Strict',
    force: null,
  } as const;
  return { context, route: { view, cluster, name: null, sub: null }, caller, options };
};

const created = async (writing: Writing, body: unknown): Promise<Answer> => {
  const admission = housed(writing, body);
  if (E.isLeft(admission)) return admission;
  const { manifest, ref } = admission.right;
  if (writing.context.objects.get(ref) !== null) return E.left(conflicted(aboutOf(ref), 'is there already'));
  const document = stamped(writing, ref, { spec: manifest.spec }, null);
  if (E.isLeft(document)) return E.left(conflicted(aboutOf(ref), 'cannot be stamped'));
  const owners = ownersOfNew(writing, admission.right, body)(document.right);
  if (E.isLeft(owners)) return owners;
  const wanted = { manifest, document: document.right, owners: owners.right, warnings: [] };
  const written = await createdObject(writing, ref, wanted);
  return E.isRight(written) ? written.right : E.left(statusOfFailure(written.left, aboutOf(ref)));
};

export interface Made {
  readonly cluster: string;
  readonly name: string;
  readonly answer: Answer;
}

/** Makes the Application's Deployment; 409: it is there already. Each one that is made is a line of the audit log. */
export const madeFor = async (
  context: Context,
  asked: Asked,
  application: Application,
  proven: Proven,
): Promise<Made> => {
  const { caller } = proven;
  const cluster = application.ref.cluster ?? '';
  const earlier = earlierOf(context, application, proven);
  if (earlier !== null) {
    const about = aboutOf({ kind: 'Deployment', cluster, name: earlier });
    return { cluster, name: earlier, answer: E.left(conflicted(about, 'has brought this commit already')) };
  }
  const name = nameOf(application, proven);
  const writing = writingOf(context, cluster, caller);
  if (writing === null) return { cluster, name, answer: E.left(noSuchPath('deployments')) };
  const answer = await created(writing, { metadata: { name }, spec: specOf(application, proven) });
  const { route } = writing;
  const attributes = { verb: 'create', path: asked.path, resource: route };
  if (E.isRight(answer))
    auditAnswer(context, asked, { answer, caller, attributes, reason: `${caller.user} knows its token` });
  return { cluster, name, answer };
};
