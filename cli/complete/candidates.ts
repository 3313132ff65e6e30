/** What could stand at the end of a line, pure: texts that are known, and what is to be asked of the control plane. */
import type { Command, Option } from 'commander';
import { STRATEGIES } from '../../api-types/deployment-strategy.js';
import { LEVELS } from '../../api-types/kinds/grant.js';
import { RUN_EVENTS } from '../../api-types/kinds/run.js';
import { type KindName, KIND_NAMES, findKind, kindEntry } from '../../api-types/kinds.js';
import { FORMATS, SHAPED } from '../output.js';

/** `words`: these; `names`: of live objects of a kind, each after `before`; `files`: the shell's own. */
export type Candidates =
  | { readonly are: 'words'; readonly words: readonly string[] }
  | { readonly are: 'names'; readonly kind: KindName; readonly before: string }
  | { readonly are: 'files' };

const words = (...list: readonly string[]): Candidates => ({ are: 'words', words: list });
const names = (kind: KindName, before = ''): Candidates => ({ are: 'names', kind, before });
const files: Candidates = { are: 'files' };

const OF_OPTION: Readonly<Record<string, Candidates>> = {
  '--namespace': names('Cluster'),
  '--output': words(...FORMATS, ...SHAPED.map((shape) => `${shape}=`)),
  '--for': words('condition=Ready', 'condition=Ready=False', 'delete', 'jsonpath={.status.phase}='),
  '--role': names('Role'),
  '--host': names('Instance'),
  '--event': names('LifecycleEvent'),
  '--deployment': names('Deployment'),
  '--strategy': words(...STRATEGIES),
  '--on-failure': words('rollback', 'pause'),
  '--attributes': files,
  '--user': names('User'),
  '--filename': files,
  '--ssh-key': files,
  '--password-file': files,
  '--ca': files,
  '--identity': files,
  '--data': files,
  '--kubeconfig': files,
};

const KINDS = words(...KIND_NAMES.map((kind) => kindEntry(kind).plural));

/** `KIND NAME…` and `KIND/NAME`. */
const kindThenNames = (done: readonly string[], current: string): Candidates => {
  const [word, slash] = current.split('/');
  const typed = findKind(word ?? '');
  if (slash !== undefined) return typed === null ? words() : names(typed.kind as KindName, `${word ?? ''}/`);
  if (done.length === 0) return KINDS;
  const entry = findKind(done[0] ?? '');
  return entry === null ? words() : names(entry.kind as KindName);
};

type Places = (done: readonly string[], current: string) => Candidates;

const hosts: Places = () => names('Instance');
const applications: Places = () => names('Application');
const deployments: Places = () => names('Deployment');
/** Hosts, and applications after `app/`. */
const hostsOrApplication: Places = (done, current) =>
  current.includes('/') ? kindThenNames(done, current) : names('Instance');
const users: Places = () => names('User');

const OF_VERB: Readonly<Record<string, Places>> = {
  get: kindThenNames,
  describe: kindThenNames,
  delete: kindThenNames,
  edit: kindThenNames,
  wait: kindThenNames,
  explain: () => KINDS,
  scale: (done) => (done.length === 0 ? words('role') : names('Role')),
  start: hostsOrApplication,
  stop: hostsOrApplication,
  restart: hostsOrApplication,
  deploy: applications,
  rollback: applications,
  undeploy: applications,
  migrate: applications,
  deployments: applications,
  lock: applications,
  unlock: applications,
  promote: deployments,
  abort: deployments,
  'deployment promote': deployments,
  'deployment abort': deployments,
  ssh: hosts,
  logs: hosts,
  run: (done) => (done.length === 0 ? words(...RUN_EVENTS) : words()),
  consent: (done) => (done.length === 0 ? names('Cluster') : names('Role')),
  completion: () => words('bash', 'zsh', 'fish'),
  'can-i': (done, current) =>
    done.length === 0
      ? words('get', 'list', 'watch', 'create', 'update', 'patch', 'delete')
      : kindThenNames(done.slice(1), current),
  grant: (done) => (done.length === 0 ? names('User') : words(...LEVELS)),
  'grant revoke': users,
  'user delete': users,
  'user disable': users,
  'user enable': users,
  'user password': users,
};

const optionOf = (commands: readonly Command[], word: string): Option | null =>
  commands.flatMap((command) => command.options).find(({ short, long }) => word === short || word === long) ??
  null;

const takesValue = (option: Option | null): boolean =>
  option !== null && (option.required || option.optional);

interface Read {
  /** The program, the verb, the verb below it. */
  readonly commands: readonly Command[];
  readonly done: readonly string[];
}

/** What stands before the word that is typed: commands, and their words without options. */
const read = (program: Command, before: readonly string[]): Read => {
  const commands = [program];
  const done: string[] = [];
  for (let index = 0; index < before.length; index += 1) {
    const word = before[index] ?? '';
    const below = commands.at(-1)?.commands.find((command) => command.name() === word);
    if (word.startsWith('-')) {
      if (takesValue(optionOf(commands, word))) index += 1;
    } else if (below !== undefined && done.length === 0) commands.push(below);
    else done.push(word);
  }
  return { commands, done };
};

const valuesOf = (option: Option): Candidates =>
  option.argChoices === undefined ? (OF_OPTION[option.long ?? ''] ?? words()) : words(...option.argChoices);

const isHidden = (command: Command): boolean => command.name().startsWith('_');

const positional = ({ commands, done }: Read, current: string): Candidates => {
  const last = commands.at(-1);
  const below = last?.commands.filter((command) => !isHidden(command)).map((command) => command.name()) ?? [];
  const path = commands.slice(1).map((command) => command.name());
  const own = OF_VERB[path.join(' ')]?.(done, current) ?? null;
  if (own === null) return below.length > 0 && done.length === 0 ? words(...below) : files;
  if (own.are === 'words' && done.length === 0) return words(...below, ...own.words);
  return own;
};

/** For the last of these words, which may be empty. */
export const candidates = (program: Command, line: readonly string[]): Candidates => {
  const current = line.at(-1) ?? '';
  const before = line.slice(0, -1);
  const state = read(program, before);
  const option = optionOf(state.commands, before.at(-1) ?? '');
  if (option !== null && takesValue(option)) return valuesOf(option);
  const [, long = ''] = /^(--[a-z-]+)=/.exec(current) ?? [];
  const joined = optionOf(state.commands, long);
  if (joined !== null) {
    const values = valuesOf(joined);
    return values.are === 'words' ? words(...values.words.map((word) => `${long}=${word}`)) : values;
  }
  if (current.startsWith('-'))
    return words(
      ...state.commands.flatMap(({ options }) => options.map(({ long: name }) => name ?? '')),
      '--help',
    );
  return positional(state, current);
};
