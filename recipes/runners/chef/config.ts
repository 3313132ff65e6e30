/** The files of one run of Chef: its configuration, the node's attributes, data bags. */
import { lstat, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../place.js';
import type { RunScene } from '../work.js';
import { nodeAttributes } from './attributes.js';
import { dataBags, writeBags } from './bags.js';

export interface ChefFiles {
  readonly config: string;
  readonly attributes: string;
  readonly reports: string;
  readonly lock: string;
}

/** A text of Ruby in which nothing is special. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

const configOf = (scene: RunScene, repository: string, reports: string): string => {
  const { state, packs, work } = scene;
  // where several paths have a cookbook, Chef takes the last one's
  const cookbooks = [...packs].reverse().map(quoted).join(', ');
  return [
    "require 'chef/handler/json_file'",
    `node_name ${quoted(work.instance)}`,
    `cookbook_path [${cookbooks}]`,
    `chef_repo_path ${quoted(repository)}`,
    `node_path ${quoted(join(repository, 'nodes'))}`,
    `data_bag_path ${quoted(join(repository, 'data_bags'))}`,
    `file_cache_path ${quoted(join(state, 'chef/cache'))}`,
    `file_backup_path ${quoted(join(state, 'chef/backup'))}`,
    `report_handlers << Chef::Handler::JsonFile.new(path: ${quoted(reports)})`,
    `exception_handlers << Chef::Handler::JsonFile.new(path: ${quoted(reports)})`,
    '',
  ].join('\n');
};

/** Bags that a source has beside its cookbooks are found, too; none takes the place of ours. */
const linkBags = async (folder: string, packs: readonly string[]): Promise<void> => {
  for (const pack of packs) {
    const bags = join(pack, 'data_bags');
    for (const name of (await ifThere(() => readdir(bags))) ?? [])
      if ((await ifThere(() => lstat(join(folder, name)))) === null)
        await symlink(join(bags, name), join(folder, name));
  }
};

/** Written into the run's own folder, which is gone after it; cache, backups and lock stay. */
export const writeChefFiles = async (scene: RunScene): Promise<ChefFiles> => {
  const { folder, state, work, values, packs } = scene;
  const repository = join(folder, 'chef');
  const reports = join(folder, 'reports');
  for (const place of [
    join(state, 'chef/cache'),
    join(state, 'chef/backup'),
    join(repository, 'nodes'),
    reports,
  ])
    await mkdir(place, { recursive: true, mode: 0o700 });
  const [config, attributes] = [join(folder, 'client.rb'), join(folder, 'attributes.json')];
  await writeFile(config, configOf(scene, repository, reports), { mode: 0o600 });
  await writeFile(attributes, JSON.stringify(nodeAttributes(work, values)), { mode: 0o600 });
  await writeBags(join(repository, 'data_bags'), dataBags(work, values));
  await linkBags(join(repository, 'data_bags'), packs);
  // one that is not there would only be warned of, and the run go on with another's
  await lstat(config);
  return { config, attributes, reports, lock: join(state, 'chef/cache/chef-client-running.pid') };
};
