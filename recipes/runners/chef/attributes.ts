/**
 * The node's attributes as cookbooks of OpsWorks and of the first Scalarium expect them, with people's own JSON over them.
 * A pure function of what the run is given.
 */
import { RELEASES_TO_KEEP } from '../../../api-types/kinds/application.js';
import type { RoleType } from '../../../api-types/kinds/role.js';
import type { Snapshot, SnapshotHost } from '../../../api-types/snapshot.js';
import { mergeAttributes, type Attributes } from '../../attributes.js';
import { readyOfRole } from '../../members.js';
import { applicationsOn, customJson, hostOf, ownRoles, type HostApplication, type Seen } from '../host.js';
import type { SecretValues } from '../work.js';
import { databaseFor, memcachedOf, valueOf } from './services.js';

/** What OpsWorks called the types. */
const SHORT_NAMES: Readonly<Partial<Record<RoleType, string>>> = {
  'load-balancer': 'lb',
  'rails-app': 'rails-app',
  'php-app': 'php-app',
  'nodejs-app': 'nodejs-app',
  'java-app': 'java-app',
  'static-web': 'web',
  'db-master': 'db-master',
  memcached: 'memcached',
  monitoring: 'monitoring-master',
  custom: 'custom',
};

/** Roles by the names that cookbooks may know them by: their own, and their type's where only one role has that type. */
export const layerNames = ({ roles }: Snapshot): ReadonlyMap<string, string> => {
  const names = new Map<string, string>();
  for (const [type, short] of Object.entries(SHORT_NAMES)) {
    const of = Object.keys(roles).filter((role) => roles[role]?.type === type);
    if (of.length === 1 && of[0] !== undefined) names.set(short, of[0]);
  }
  for (const role of Object.keys(roles)) names.set(role, role);
  return names;
};

/** The cloud calls a zone by its region and a letter. */
const regionOf = (zone: string): string => zone.replace(/(\d)[a-z]$/, '$1');

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

const addressesOf = ({ address, zone, machine, ready }: SnapshotHost): Attributes => ({
  ip: address,
  private_ip: address,
  status: ready ? 'online' : 'running_setup',
  availability_zone: zone,
  region: regionOf(zone),
  aws_instance_id: machine,
});

const layersOf = (snapshot: Snapshot): Attributes =>
  Object.fromEntries(
    [...layerNames(snapshot)].map(([short, role]) => [
      short,
      {
        id: role,
        name: role,
        instances: Object.fromEntries(
          readyOfRole(snapshot, role).map(({ name, host }) => [name, { id: name, ...addressesOf(host) }]),
        ),
      },
    ]),
  );

/** Of a role every name it goes by, so that `layers.include?` finds it. */
const layersOn = (seen: Seen): readonly string[] => {
  const own = new Set(ownRoles(seen));
  return [...layerNames(seen.snapshot)].flatMap(([short, role]) => (own.has(role) ? [short] : []));
};

const instanceOf = (seen: Seen): Attributes => ({
  id: seen.instance,
  hostname: seen.instance,
  ...addressesOf(hostOf(seen)),
  layers: layersOn(seen),
  architecture: ARCHITECTURES[process.arch] ?? process.arch,
});

const applicationOf = ({ name, type }: HostApplication): Attributes => ({
  name,
  slug_name: name,
  application_type: type,
});

/** A value that stands in a Secret, where the role names that; others stay what they are. */
const withSecrets = (environment: Attributes, values: SecretValues): Attributes =>
  Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, valueOf(value, values)]));

export const environmentOf = ({ environment }: HostApplication, values: SecretValues): Attributes =>
  withSecrets(environment, values);

const scmOf = ({ release }: HostApplication): Attributes => ({
  scm_type: release?.source ?? 'other',
  repository: null,
  revision: release?.revision ?? null,
});

const deployOf = (seen: Seen, application: HostApplication, values: SecretValues): Attributes => ({
  application: application.name,
  application_type: application.type,
  deploy_to: `/srv/www/${application.name}`,
  current_path: application.path,
  release: application.release?.number ?? null,
  document_root: application.documentRoot,
  domains: application.domains,
  mounted_at: null,
  environment_variables: environmentOf(application, values),
  environment: {},
  scm: scmOf(application),
  database: databaseFor(seen, application, values),
  memcached: memcachedOf(seen),
  ssl_support: application.secure,
  migrate: false,
  keep_releases: application.release?.keeps ?? RELEASES_TO_KEEP,
  attributes: application.attributes,
});

const opsworksOf = (seen: Seen): Attributes => ({
  activity: seen.event,
  deployment: null,
  stack: {
    id: seen.snapshot.cluster,
    name: seen.snapshot.cluster,
    rds_instances: [],
    'elb-load-balancers': [],
  },
  layers: layersOf(seen.snapshot),
  instance: instanceOf(seen),
  applications: applicationsOn(seen).map(applicationOf),
});

const scalariumOf = (seen: Seen, values: SecretValues): Attributes => ({
  activity: seen.event,
  id: seen.snapshot.cluster,
  cluster: { name: seen.snapshot.cluster },
  deployment: null,
  roles: layersOf(seen.snapshot),
  instance: { ...instanceOf(seen), roles: layersOn(seen) },
  applications: applicationsOn(seen).map(applicationOf),
  secrets: values,
});

/** Chef's own keys: they would change the run list that is asked for, or the environment, which nobody has here. */
const SPECIAL = ['run_list', 'recipes', 'chef_environment'];

/** All for `-j`: what is known, under the role's and the cluster's own JSON; Secrets over everything. */
export const nodeAttributes = (seen: Seen, values: SecretValues): Attributes => {
  const deploy = Object.fromEntries(
    applicationsOn(seen).map((one) => [one.name, deployOf(seen, one, values)]),
  );
  const known = { opsworks: opsworksOf(seen), scalarium: scalariumOf(seen, values), deploy };
  const custom = Object.entries(customJson(seen)).filter(([name]) => !SPECIAL.includes(name));
  const merged = mergeAttributes(known, Object.fromEntries(custom));
  return mergeAttributes(merged, { scalarium: { secrets: values } });
};
