/** Check of package; adjacent ones are brought about together. */
import type { PackageNeed } from '../packages/packages.js';
import { unknownIn } from '../packages/transaction.js';
import { resourceId, type PackageResource, type Resource } from '../resource.js';
import { listenerOf, type Change, type Check, type Scene } from '../scene.js';

/** A change that others of its kind may join. */
export interface PackageChange extends Change {
  readonly need: PackageNeed;
}

export const isPackageChange = (change: Change): change is PackageChange => 'need' in change;

const bring = (ids: string, needs: readonly PackageNeed[], scene: Scene): Promise<void> =>
  scene.packages.bring(needs, listenerOf(ids, scene));

export const packages: Check<PackageResource> = async (resource, scene) => {
  const { names, state = 'installed', version = null } = resource;
  if (scene.platform.packages === 'none') {
    scene.note('packages are left out: this host has none of its own');
    return null;
  }
  const lacking = await scene.packages.lacking({ names, state, version });
  if (lacking.length === 0) return null;
  const need = { names: lacking, state, version };
  const change: PackageChange = {
    diff: `${state === 'installed' ? 'install' : 'remove'} ${lacking.join(', ')}${version === null ? '' : ` (${version})`}`,
    need,
    apply: async () => {
      await bring(resourceId(resource), [need], scene);
      return undefined;
    },
  };
  return change;
};

/** One transaction for all. */
export const bringTogether = (
  changes: readonly { readonly resource: Resource; readonly change: PackageChange }[],
  scene: Scene,
): Promise<void> =>
  bring(
    changes.map(({ resource }) => resourceId(resource)).join(' '),
    changes.map(({ change }) => change.need),
    scene,
  );

/** Of those that were one transaction, the one with a package that there is none of; null: that is not why. */
export const culprit = (resources: readonly Resource[], error: unknown): Resource | null => {
  const unknown = unknownIn(error);
  if (unknown === null) return null;
  return resources.find((one) => one.type === 'package' && one.names.includes(unknown)) ?? null;
};
