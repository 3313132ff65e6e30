/** Applications that were released, for tests of recipes. */
import type { RoleType } from '../../../api-types/kinds/role.js';
import type { ReleaseConfig } from '../../../api-types/release.js';
import type { Snapshot, SnapshotApplication } from '../../../api-types/snapshot.js';
import { applicationPart } from '../../../recipes/catalog.js';
import type { ApplicationPart } from '../../../recipes/roles/application-part.js';
import { role, snapshotOf } from './world.js';

/** Release 3, in force on hosts of these roles. */
export const released = (
  roles: readonly string[],
  config: ReleaseConfig,
  more: Partial<SnapshotApplication> = {},
): SnapshotApplication => ({
  release: {
    number: 3,
    deployment: 'shop-3',
    revision: 'a'.repeat(40),
    digest: 'd'.repeat(64),
    createdAt: '2026-01-01T00:00:00Z',
    roles,
    config,
  },
  ...more,
});

export const withReleases = (
  applications: NonNullable<Snapshot['applications']>,
  more: Partial<Snapshot> = {},
): Snapshot => snapshotOf({ applications, ...more });

export type Config = Omit<ReleaseConfig, 'type'>;

/** `shop` is released to the role `app`, which is of this type. */
export const shop = (
  type: RoleType,
  kind: string,
  config: Config = {},
  more: Partial<SnapshotApplication> = {},
): Snapshot =>
  withReleases(
    { shop: released(['app'], { type: kind, ...config }, more) },
    { roles: { ...snapshotOf().roles, app: role(type) } },
  );

export const partOf = (snapshot: Snapshot, instance = 'app-1', name = 'shop'): ApplicationPart => {
  const part = applicationPart(snapshot, instance, name);
  if (part === null) throw new Error(`${instance} does not run ${name}`);
  return part;
};
