/** Data bags as cookbooks for Chef 12 on OpsWorks look for them: files in local mode, which `search` works over. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolesOf } from '../../../api-types/kinds/instance.js';
import type { SnapshotHost } from '../../../api-types/snapshot.js';
import { allHosts } from '../../members.js';
import { applicationsOn, ownRoles, type Seen } from '../host.js';
import type { SecretValues } from '../work.js';
import { environmentOf } from './attributes.js';
import { dataSourcesOf } from './services.js';

interface Item {
  readonly id: string;
  readonly [field: string]: unknown;
}

type Bags = Readonly<Record<string, readonly Item[]>>;

const stack = ({ snapshot }: Seen): readonly Item[] => [
  {
    id: snapshot.cluster,
    stack_id: snapshot.cluster,
    name: snapshot.cluster,
    arn: null,
    region: null,
    vpc_id: null,
    use_custom_cookbooks: true,
    custom_cookbooks_source: { type: 'other' },
  },
];

const layers = ({ snapshot }: Seen): readonly Item[] =>
  Object.entries(snapshot.roles).map(([role, { packages = [] }]) => ({
    id: role,
    layer_id: role,
    name: role,
    shortname: role,
    type: 'custom',
    packages,
    volume_configurations: [],
  }));

const instance = (name: string, host: SnapshotHost, self: boolean): Item => ({
  id: name,
  instance_id: name,
  hostname: name,
  ec2_instance_id: host.machine,
  status: host.ready ? 'online' : 'running_setup',
  layer_ids: rolesOf(host),
  role: rolesOf(host),
  private_ip: host.address,
  public_ip: host.address,
  availability_zone: host.zone,
  self,
});

/** The host itself, ready or not, and those that are ready. */
const instances = (seen: Seen): readonly Item[] =>
  allHosts(seen.snapshot)
    .filter(({ name, host }) => host.ready || name === seen.instance)
    .map(({ name, host }) => instance(name, host, name === seen.instance));

const applications = (seen: Seen, values: SecretValues): readonly Item[] =>
  applicationsOn(seen).map((one) => ({
    id: one.name,
    app_id: one.name,
    name: one.name,
    shortname: one.name,
    type: one.type,
    app_source: {
      type: one.release?.source ?? 'other',
      url: null,
      revision: one.release?.revision ?? null,
    },
    release: one.release?.number ?? null,
    current_path: one.path,
    environment: environmentOf(one, values),
    domains: one.domains,
    data_sources: dataSourcesOf(seen, one),
    attributes: { document_root: one.documentRoot, ...one.attributes },
    enable_ssl: one.secure,
    ssl_configuration: null,
    deploy: seen.event === 'deploy' || seen.event === 'setup',
  }));

const command = ({ event, instance: name }: Seen): readonly Item[] => [
  { id: event, command_id: event, type: event, args: {}, instance_id: name, iam_user_arn: null },
];

const users = (seen: Seen): readonly Item[] => {
  const own = ownRoles(seen);
  return Object.entries(seen.snapshot.accounts ?? {}).flatMap(([name, { keys, roles }]) => {
    const given = own.map((role) => roles[role]).filter((one) => one !== undefined);
    if (given.length === 0 || given.includes('deny')) return [];
    return [
      {
        id: name,
        username: name,
        ssh_public_key: keys[0] ?? null,
        administrator_privileges: given.includes('sudo'),
        remote_access: true,
      },
    ];
  });
};

/** By their names. */
export const dataBags = (seen: Seen, values: SecretValues): Bags => ({
  aws_opsworks_stack: stack(seen),
  aws_opsworks_layer: layers(seen),
  aws_opsworks_instance: instances(seen),
  aws_opsworks_app: applications(seen, values),
  aws_opsworks_command: command(seen),
  aws_opsworks_user: users(seen),
});

/** Below `folder`; what holds secrets is its owner's alone. */
export const writeBags = async (folder: string, bags: Bags): Promise<void> => {
  for (const [bag, items] of Object.entries(bags)) {
    await mkdir(join(folder, bag), { recursive: true, mode: 0o700 });
    for (const item of items)
      await writeFile(join(folder, bag, `${item.id}.json`), JSON.stringify(item), { mode: 0o600 });
  }
};
