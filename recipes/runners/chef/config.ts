/** The files of one run of Chef: its configuration, the node's attributes, data bags. */
import { lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
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

/** What Chef itself writes into its cache when a run fails: the whole node, and so its secrets. */
const LEFT_BEHIND = ['failed-run-data.json', 'chef-stacktrace.out'];

/** After each run; the cache itself stays. */
export const removeLeftBehind = async ({ state }: RunScene): Promise<void> => {
  for (const name of LEFT_BEHIND) await rm(join(state, 'chef/cache', name), { force: true });
};

/** A text of Ruby in which nothing is special. */
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;

interface Places {
  readonly cookbooks: readonly string[];
  readonly repository: string;
  readonly reports: string;
}

const configOf = ({ state, work }: RunScene, { cookbooks, repository, reports }: Places): string => {
  return [
    "require 'chef/handler/json_file'",
    `node_name ${quoted(work.instance)}`,
    `cookbook_path [${cookbooks.map(quoted).join(', ')}]`,
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

/**
 * The folders of cookbooks. Where two sources have one of the same name, which of them Chef takes depends on how it is
 * called: then a folder of links, in which the first source's is the only one.
 */
const cookbookPaths = async (packs: readonly string[], links: string): Promise<readonly string[]> => {
  const first = new Map<string, string>();
  let twice = false;
  for (const pack of packs)
    for (const name of await readdir(pack)) {
      if (first.has(name)) twice = true;
      else first.set(name, join(pack, name));
    }
  if (!twice) return packs;
  await mkdir(links);
  for (const [name, place] of first) await symlink(place, join(links, name));
  return [links];
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
  // of an earlier run of this event nothing may be taken for this one's
  for (const place of [repository, reports]) await rm(place, { recursive: true, force: true });
  for (const place of [
    join(state, 'chef/cache'),
    join(state, 'chef/backup'),
    join(repository, 'nodes'),
    reports,
  ])
    await mkdir(place, { recursive: true, mode: 0o700 });
  const [config, attributes] = [join(folder, 'client.rb'), join(folder, 'attributes.json')];
  const cookbooks = await cookbookPaths(packs, join(repository, 'cookbooks'));
  await writeFile(config, configOf(scene, { cookbooks, repository, reports }), { mode: 0o600 });
  await writeFile(attributes, JSON.stringify(nodeAttributes(work, values)), { mode: 0o600 });
  await writeBags(join(repository, 'data_bags'), dataBags(work, values));
  await linkBags(join(repository, 'data_bags'), packs);
  // one that is not there would only be warned of, and the run go on with another's
  await lstat(config);
  return { config, attributes, reports, lock: join(state, 'chef/cache/chef-client-running.pid') };
};
