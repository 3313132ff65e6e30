/** `scale` (autoscaling/v1) of a role: how many hosts are wanted, and how many there are. */
import * as E from 'fp-ts/lib/Either.js';
import type { RoleSpec, RoleStatus } from '../../api-types/kinds/role.js';
import { mergePatch } from '../../api-types/merge-patch.js';
import type { ApiObject } from '../../api-types/metadata.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import type { Answer, Reply } from '../context.js';
import { refOf } from '../reads/asked.js';
import { badRequest, conflicted, invalid, notFound } from '../statuses.js';
import { isPlain } from './admission.js';
import { type Patching, patchObject } from './patch.js';
import { type Writing, aboutOf } from './writing.js';

const SCALE_API = 'autoscaling/v1';

/** A role's Scale. Its hosts bear the role's name in `spec.role`, which is no label: there is no selector. */
const scaleOf = ({ metadata, spec, status }: ApiObject): Readonly<Record<string, unknown>> => {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  return {
    apiVersion: SCALE_API,
    kind: 'Scale',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: (spec as RoleSpec).replicas },
    status: { replicas: (status as RoleStatus | undefined)?.replicas ?? 0 },
  };
};

const liveOf = ({ context, route }: Writing): E.Either<Status, Live> => {
  const ref = refOf(route, route.name ?? '');
  const live = context.objects.get(ref);
  if (live === null) return E.left(notFound(aboutOf(ref)));
  return live.specGeneration > 0
    ? E.right(live)
    : E.left(conflicted(aboutOf(ref), 'its spec never was valid; write a valid one'));
};

/** A Role's hosts as the Scale of `autoscaling/v1`. */
export const getScale = (writing: Writing): Answer =>
  E.map((live: Live) => ({ code: 200, body: scaleOf(writing.route.view.object(live)) }))(liveOf(writing));

/** Where an option of a Scale is not what the role's own says. */
const identityProblem = ({ route }: Writing, scale: Readonly<Record<string, unknown>>): Status | null => {
  const { kind = 'Scale', apiVersion = SCALE_API, metadata = {} } = scale;
  if (kind !== 'Scale' || apiVersion !== SCALE_API)
    return badRequest(`expected a Scale of ${SCALE_API}, got ${JSON.stringify(kind)}`);
  const { name = route.name } = isPlain(metadata) ? metadata : {};
  return name === route.name ? null : badRequest(`the Scale is of another object than the path says`);
};

/** The role's patch that a Scale means. */
type RolePatch = Readonly<Record<string, unknown>>;

const rolePatch = (writing: Writing, scale: unknown): E.Either<Status, RolePatch> => {
  if (!isPlain(scale)) return E.left(badRequest('expected a Scale'));
  const astray = identityProblem(writing, scale);
  if (astray !== null) return E.left(astray);
  const spec = isPlain(scale['spec']) ? scale['spec'] : {};
  const { uid, resourceVersion } = isPlain(scale['metadata']) ? scale['metadata'] : {};
  const replicas = spec['replicas'];
  if (typeof replicas !== 'number')
    return E.left(
      invalid('Scale', writing.route.name ?? '', [
        { path: 'spec.replicas', expected: 'a whole number', got: JSON.stringify(replicas ?? null) },
      ]),
    );
  const named = {
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return E.right({ metadata: named, spec: { replicas } });
};

/** Changes a role by what is made of its Scale. */
const scaled = async (writing: Writing, change: Patching): Promise<Answer> => {
  const there = liveOf(writing);
  if (E.isLeft(there)) return there;
  const answer = await patchObject(writing, (object) => {
    const role = object as ApiObject<RoleSpec>;
    const scale = change(scaleOf(role));
    if (E.isLeft(scale)) return scale;
    return E.map((patch: RolePatch) => mergePatch(role, patch))(rolePatch(writing, scale.right));
  });
  return E.map((reply: Reply): Reply => ({ ...reply, body: scaleOf(reply.body as ApiObject) }))(answer);
};

/** PATCH of a Scale. */
export const patchScale = scaled;

/** PUT of a Scale. */
export const replaceScale = (writing: Writing, body: unknown): Promise<Answer> =>
  scaled(writing, () => E.right(body));
