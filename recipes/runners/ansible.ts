/** Runs a playbook on the host itself, without ssh. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Applied } from '../apply.js';
import { endedText, runCommand, type Ended } from '../command.js';
import { applicationsOn, customJson, hostOf, ownRoles } from './host.js';
import { lineScanner } from './lines.js';
import { findProgram } from './programs.js';
import {
  environmentOf,
  lineListener,
  stopBy,
  type FoundRecipe,
  type Runner,
  type RunScene,
  type SecretValues,
} from './work.js';

const MOST_CHANGED = 200;
const OWN_FOLDERS = '/opt/ansible/bin';

/** What its exit codes say beyond what it prints. */
const REASONS: Readonly<Record<number, string>> = {
  1: 'it could not run',
  2: 'a task failed',
  3: 'the host was unreachable: a playbook for this host must not set another connection',
  4: 'the playbook cannot be read, or the host was unreachable',
  5: 'its options were refused: is it too old or too new?',
  99: 'it was interrupted',
  250: 'an error in Ansible itself',
};

const VARIABLE = /^[A-Za-z_]\w*$/;

/** Custom JSON as variables, where a name can be one, and all that is known of the cluster as `scalarium`. */
const variables = ({ work }: RunScene): Readonly<Record<string, unknown>> => {
  const { event, snapshot, instance, dryRun } = work;
  const attributes = customJson(work);
  const plain = Object.entries(attributes).filter(([name]) => VARIABLE.test(name));
  return {
    ...Object.fromEntries(plain),
    scalarium: {
      event,
      instance,
      cluster: snapshot.cluster,
      role: hostOf(work).role,
      roles: ownRoles(work),
      hosts: snapshot.hosts,
      applications: applicationsOn(work),
      attributes,
      dry_run: dryRun,
    },
  };
};

/** YAML, since only that can say that a text is no template, whatever is in it. */
const secretVariables = (values: SecretValues): string => {
  const lines = Object.entries(values).flatMap(([name, keys]) => [
    `  ${JSON.stringify(name)}:${Object.keys(keys).length === 0 ? ' {}' : ''}`,
    ...Object.entries(keys).map(
      ([key, text]) => `    ${JSON.stringify(key)}: !unsafe ${JSON.stringify(text)}`,
    ),
  ]);
  return lines.length === 0 ? 'scalarium_secrets: {}\n' : `scalarium_secrets:\n${lines.join('\n')}\n`;
};

const programOf = async (scene: RunScene): Promise<string> => {
  const path = `${environmentOf(scene)['PATH'] ?? ''}:${OWN_FOLDERS}`;
  const program = await findProgram(['ansible-playbook'], path);
  if (program !== null) return program;
  throw new Error(
    'there is no ansible-playbook on this host: give the role the package "ansible-core" (or "ansible") in spec.packages, or an image that has it',
  );
};

const environmentFor = (scene: RunScene): NodeJS.ProcessEnv => ({
  ...environmentOf(scene),
  ANSIBLE_NOCOLOR: '1',
  ANSIBLE_FORCE_COLOR: '0',
  ANSIBLE_NOCOWS: '1',
  ANSIBLE_RETRY_FILES_ENABLED: '0',
  ANSIBLE_STDOUT_CALLBACK: 'default',
  ANSIBLE_HOME: join(scene.folder, 'ansible'),
  ANSIBLE_LOCAL_TEMP: join(scene.folder, 'ansible/local'),
  ANSIBLE_REMOTE_TEMP: join(scene.folder, 'ansible/remote'),
  PYTHONUNBUFFERED: '1',
});

const argumentsFor = ({ file }: FoundRecipe, { folder, work }: RunScene): readonly string[] => [
  '-c',
  'local',
  '-i',
  'localhost,',
  '-e',
  `@${join(folder, 'vars.json')}`,
  '-e',
  `@${join(folder, 'secrets.yml')}`,
  ...(work.dryRun ? ['--check', '--diff'] : []),
  file,
];

const TASK = /^(?:TASK|RUNNING HANDLER) \[(.*)\] \*/;
const CHANGED = /^changed: \[/;

/** The tasks that changed something, by their names, as the default output tells it. */
const changedTasks = (): { readonly tasks: string[]; readonly scan: (chunk: Buffer) => void } => {
  const tasks: string[] = [];
  let task = '';
  const scan = lineScanner((line) => {
    task = TASK.exec(line)?.[1] ?? task;
    const id = `ansible[${task}]`;
    if (CHANGED.test(line) && tasks.at(-1) !== id && tasks.length < MOST_CHANGED) tasks.push(id);
  });
  return { tasks, scan };
};

const failureOf = (found: FoundRecipe, ended: Ended, { work }: RunScene): string | null => {
  if (ended.code === 0) return null;
  const reason = REASONS[ended.code ?? -1];
  const why = work.signal.aborted ? 'stopped because the run was aborted' : null;
  const told = endedText(['ansible-playbook', found.file], ended, why);
  return `ansible[${found.name}]: ${reason === undefined || why !== null ? '' : `${reason}; `}${told}`;
};

const run = async (found: FoundRecipe, scene: RunScene): Promise<Applied> => {
  const { folder, work, values, secrets } = scene;
  const program = await programOf(scene);
  await mkdir(join(folder, 'ansible'), { recursive: true, mode: 0o700 });
  await writeFile(join(folder, 'vars.json'), JSON.stringify(variables(scene)), { mode: 0o600 });
  await writeFile(join(folder, 'secrets.yml'), secretVariables(values), { mode: 0o600 });
  const { tasks, scan } = changedTasks();
  const ended = await runCommand([program, ...argumentsFor(found, scene)], {
    cwd: found.folder,
    env: environmentFor(scene),
    signal: work.signal,
    stop: stopBy('SIGINT'),
    listener: lineListener(`ansible[${found.name}]`, scene),
    stdout: scan,
  });
  const changed = tasks.map((task) => secrets.mask(task));
  const diffs = changed.map((resource) => ({ resource, diff: `would be changed by ${found.name}` }));
  return { changed, failure: failureOf(found, ended, scene), ...(work.dryRun ? { diffs } : {}) };
};

/** Each playbook is a run of its own. */
export const ansible: Runner = ([found], scene) => run(found as FoundRecipe, scene);
