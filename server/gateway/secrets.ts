/** Secrets as hosts are given them: one at a time, over their own credential, and only what their roles have a need for. */
import * as E from 'fp-ts/lib/Either.js';
import { openTexts, type Sealer, type Texts } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import type { Objects } from '../../store/objects/objects.js';
import type { CatchUp } from './freshness.js';
import type { Place } from './places.js';

/** The names of the Secrets that a host with these roles of the cluster, a machine in a slot, may be given. */
export type Entitled = (
  cluster: string,
  roles: readonly string[],
  host: Pick<Place, 'instance' | 'machine'>,
) => ReadonlySet<string>;

export interface SecretRefusal {
  readonly code: 403 | 404 | 500;
  readonly reason: string;
  readonly message: string;
}

/** The values by their keys, or why not; rejects when the store cannot say. */
export type ReadSecret = (place: Place, name: string) => Promise<E.Either<SecretRefusal, Texts>>;

export interface SecretsDependencies {
  readonly objects: Objects;
  readonly sealer: Sealer;
  readonly entitled: Entitled;
  readonly catchUp: CatchUp;
}

const refused = (code: SecretRefusal['code'], reason: string, message: string): E.Left<SecretRefusal> => ({
  _tag: 'Left',
  left: { code, reason, message },
});

/** Says the same of Secrets that are there and that are not: what others have is not to be found out. */
const notNeeded = ({ cluster, instance, role }: Place, name: string): E.Left<SecretRefusal> =>
  refused(
    403,
    'Forbidden',
    `no role of host ${cluster}/${instance} has a need for the secret ${name}: name it in spec.secrets of role ${role}`,
  );

const read = ({ objects, sealer, entitled }: SecretsDependencies, place: Place, name: string) => {
  const { cluster, role, roles } = place;
  if (!entitled(cluster, [role, ...roles], place).has(name)) return notNeeded(place, name);
  const live = objects.get({ kind: 'Secret', cluster, name });
  if (live === null || live.deletion !== null)
    return refused(404, 'NotFound', `cluster ${cluster} has no secret ${name}`);
  const opened = openTexts(sealer, specKey(live.ref), live.spec.sealed ?? {});
  if (E.isLeft(opened)) return refused(500, 'SecretUnreadable', opened.left);
  // put by hand a moment ago, and not sealed yet
  return E.right<SecretRefusal, Texts>({ ...opened.right, ...live.spec.data });
};

/** A cache that lags behind must refuse nobody. */
export const openSecretsDoor =
  (with_: SecretsDependencies): ReadSecret =>
  async (place, name) => {
    const found = read(with_, place, name);
    if (E.isRight(found)) return found;
    if (!(await with_.catchUp())) throw new Error('the cache is behind the store');
    return read(with_, place, name);
  };
