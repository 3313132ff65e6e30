/** Options of the verbs that make Deployments, as people type them. */
import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import { type DeploymentStrategy, STRATEGIES } from '../../api-types/deployment-strategy.js';
import { findKind } from '../../api-types/kinds.js';
import { type GlobalFlags, UsageError } from '../context.js';
import { secondsOf } from '../durations.js';

export interface DeployFlags extends GlobalFlags {
  readonly strategy?: string;
  readonly batch?: string;
  readonly maxUnavailable?: string;
  readonly byZone?: boolean;
  readonly pause?: string;
  readonly canaryHosts?: string;
  readonly canaryWait?: string;
  readonly to?: readonly string[];
  readonly onFailure?: string;
  readonly supersede?: boolean;
  readonly comment?: string;
  readonly attributes?: string;
  readonly timeout?: string;
  readonly detach?: boolean;
  readonly quiet?: boolean;
  readonly output?: string;
}

/** Of all of them. */
export const withFollowing = (command: Command): Command =>
  command
    .option('--comment <text>', 'why, for people')
    .option('--timeout <time>', 'how long a host may take for each step: 30s, 10m; 10m unless told')
    .option('--supersede', 'end one that goes on, instead of waiting for it')
    .option('--detach', 'do not wait until it is done')
    .option('-q, --quiet', 'do not show what hosts write meanwhile')
    .option('-o, --output <format>', 'json or yaml');

/** Of those that go from batch to batch. */
export const withStrategy = (command: Command): Command =>
  command
    .option('--strategy <strategy>', `${STRATEGIES.join(', ')}; the application's unless told`)
    .option('--batch <n>', 'so many hosts at a time: 2 or 25%')
    .option('--max-unavailable <n>', 'so many hosts may be out of service: 2 or 25%')
    .option('--by-zone', 'a batch has hosts of one zone only')
    .option('--pause <time>', 'between batches: 30s')
    .option('--canary-hosts <n>', 'canary: so many hosts are first: 1 or 10%')
    .option('--canary-wait <time>', 'canary: how long they are looked at; until promoted unless told')
    .option('--on-failure <what>', 'rollback: go back; pause: wait for promote or abort');

/** Which hosts. */
export const withTargets = (command: Command): Command =>
  command.option('--to <target...>', 'only on these: role/app, host/app-1');

const countOf = (option: string, text: string): number | string => {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  if (/^(100|[1-9]?\d)%$/.test(text)) return text;
  throw new UsageError(`${option}: expected a number of hosts or a part of them as 25%, got "${text}"`);
};

const wholeSeconds = (option: string, text: string): number => Math.ceil(secondsOf(option, text));

type Type = DeploymentStrategy['type'];

const typeOf = (word: string): Type => {
  const type = STRATEGIES.find((one) => one === word);
  if (type !== undefined) return type;
  throw new UsageError(`--strategy: expected one of ${STRATEGIES.join(', ')}, got "${word}"`);
};

const canaryOf = ({ canaryHosts, canaryWait }: DeployFlags): DeploymentStrategy['canary'] => ({
  ...(canaryHosts === undefined ? {} : { hosts: countOf('--canary-hosts', canaryHosts) }),
  ...(canaryWait === undefined ? {} : { waitSeconds: wholeSeconds('--canary-wait', canaryWait) }),
});

const detailsOf = (flags: DeployFlags): Omit<DeploymentStrategy, 'type'> => {
  const { batch, maxUnavailable, byZone, pause } = flags;
  const canary = canaryOf(flags) ?? {};
  return {
    ...(batch === undefined ? {} : { batch: countOf('--batch', batch) }),
    ...(maxUnavailable === undefined ? {} : { maxUnavailable: countOf('--max-unavailable', maxUnavailable) }),
    ...(byZone === undefined ? {} : { byZone }),
    ...(pause === undefined ? {} : { pauseSeconds: wholeSeconds('--pause', pause) }),
    ...(Object.keys(canary).length === 0 ? {} : { canary }),
  };
};

/** What was typed of the strategy; null: nothing was. */
export interface StrategyTyped {
  readonly type: Type | null;
  readonly details: Omit<DeploymentStrategy, 'type'>;
}

export const strategyTyped = (flags: DeployFlags): StrategyTyped | null => {
  const details = detailsOf(flags);
  const type = flags.strategy === undefined ? null : typeOf(flags.strategy);
  if (type === null && Object.keys(details).length === 0) return null;
  if (details.canary !== undefined && type !== null && type !== 'canary')
    throw new UsageError(`--canary-hosts and --canary-wait go with --strategy canary, not ${type}`);
  return { type: type ?? (details.canary === undefined ? null : 'canary'), details };
};

/** What was typed onto what the application says: another type has nothing in common with it. */
export const strategyOver = (
  typed: StrategyTyped,
  own: DeploymentStrategy = { type: 'rolling' },
): DeploymentStrategy => {
  const { type, details } = typed;
  return type === null || type === own.type ? { ...own, ...details } : { type, ...details };
};

const target = (word: string): { readonly kind: 'Role' | 'Instance'; readonly name: string } => {
  const [kindWord = '', name = '', ...rest] = word.split('/');
  const kind = findKind(kindWord)?.kind;
  if ((kind === 'Role' || kind === 'Instance') && name !== '' && rest.length === 0) return { kind, name };
  throw new UsageError(`--to: expected role/NAME or host/NAME, got "${word}"`);
};

/** `--to role/app,host/app-1 --to role/web` */
export const targetsOf = ({ to = [] }: DeployFlags): Pick<DeploymentSpec, 'roles' | 'instances'> => {
  const all = to
    .flatMap((words) => words.split(','))
    .filter((word) => word !== '')
    .map(target);
  const named = (kind: 'Role' | 'Instance'): readonly string[] =>
    all.flatMap((one) => (one.kind === kind ? [one.name] : []));
  return all.length === 0 ? {} : { roles: named('Role'), instances: named('Instance') };
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** JSON, or `@FILE` with JSON in it. */
export const attributesOf = async ({
  attributes,
}: DeployFlags): Promise<Pick<DeploymentSpec, 'attributes'>> => {
  if (attributes === undefined) return {};
  const text = attributes.startsWith('@') ? await fileText(attributes.slice(1)) : attributes;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { attributes: value };
  } catch {
    // said below, in the same words
  }
  throw new UsageError('--attributes: expected a JSON object, or @FILE with one');
};

const fileText = async (file: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`--attributes: ${file} cannot be read: ${(error as Error).message}`);
  }
};

const FAILURES = ['rollback', 'pause'] as const;

const onFailureOf = ({ onFailure }: DeployFlags): Pick<DeploymentSpec, 'onFailure'> => {
  if (onFailure === undefined) return {};
  const word = FAILURES.find((one) => one === onFailure);
  if (word !== undefined) return { onFailure: word };
  throw new UsageError(`--on-failure: expected rollback or pause, got "${onFailure}"`);
};

/** What all commands have in common. */
export const commonOf = (flags: DeployFlags): Partial<DeploymentSpec> => ({
  ...targetsOf(flags),
  ...onFailureOf(flags),
  ...(flags.supersede === true ? { supersede: true } : {}),
  ...(flags.comment === undefined ? {} : { comment: flags.comment }),
  ...(flags.timeout === undefined ? {} : { timeoutSeconds: wholeSeconds('--timeout', flags.timeout) }),
});
