/** Applies resources in order; stops at the first failure. */
import * as E from 'fp-ts/lib/Either.js';
import { applyAccounts } from './accounts/apply.js';
import { applyExecute } from './execute.js';
import { applyDirectory, applyFile, applyLink } from './files.js';
import type { Platform } from './platform.js';
import { resourceId, type AccountsResource, type Resource, type TemplateResource } from './resource.js';
import { render } from './template.js';

/** The part of a Log that a run speaks to. */
export interface ResourceLog {
  info(message: string, keys?: Readonly<Record<string, unknown>>): void;
  warn(message: string, keys?: Readonly<Record<string, unknown>>): void;
}

/** Asked only while resources are applied, and only for those that they name. */
export type SecretSource = (name: string) => Promise<Readonly<Record<string, string>>>;

export interface ApplyOptions {
  /** The host's file system: `/`, or the folder that stands for it. */
  readonly root: string;
  /** Ends the run; a command that is running is killed with all its children. */
  readonly signal: AbortSignal;
  readonly log: ResourceLog;
  readonly platform: Platform;
  /** Nothing is touched: the answer says what would change. */
  readonly dryRun?: boolean;
  /** The values of a Secret by their keys; rejects, for people, when they cannot be had. */
  readonly secrets: SecretSource;
}

export interface Applied {
  /** Ids of the resources that were not as they should be, in order. */
  readonly changed: readonly string[];
  /** For people: the resource, and for a command its exit code and last output. Null: all is as it should be. */
  readonly failure: string | null;
  /** For people: what was left undone although the run goes on, as an account whose name is taken. */
  readonly warning?: string;
  /** For people: what this host is not made for, as packages of a host that is a folder. */
  readonly notes?: readonly string[];
  /** Of a dry run: what would change, 64 KiB at most, secrets masked. */
  readonly diffs?: readonly ResourceDiff[];
  /** The host wants to be started anew. */
  readonly reboot?: boolean;
}

/** What a dry run found to differ. */
export interface ResourceDiff {
  /** Its id. */
  readonly resource: string;
  /** For people; of a text a unified diff. */
  readonly diff: string;
}

/** What one resource came to. */
interface One {
  readonly changed: readonly string[];
  readonly warnings: readonly string[];
}

const applyTemplate = (root: string, resource: TemplateResource): Promise<boolean> => {
  const rendered = render(resource.template, resource.attributes);
  if (E.isLeft(rendered)) throw new Error(rendered.left);
  return applyFile(root, { path: resource.path, content: rendered.right, mode: resource.mode });
};

const applyPlain = async (
  resource: Exclude<Resource, AccountsResource>,
  { root, signal }: ApplyOptions,
): Promise<boolean> => {
  switch (resource.type) {
    case 'file':
      return applyFile(root, resource);
    case 'directory':
      return applyDirectory(root, resource);
    case 'template':
      return applyTemplate(root, resource);
    case 'link':
      return applyLink(root, resource);
    case 'execute':
      return applyExecute(root, resource, signal);
    default:
      throw new Error('this agent does not know resources of this type yet');
  }
};

const applyOne = async (resource: Resource, options: ApplyOptions): Promise<One> => {
  if (resource.type === 'accounts') return applyAccounts(resource.accounts, options);
  const changed = await applyPlain(resource, options);
  return { changed: changed ? [resourceId(resource)] : [], warnings: [] };
};

/** Brings the host to what the resources say; gives what was changed and the first failure. */
export const applyResources = async (
  resources: readonly Resource[],
  options: ApplyOptions,
): Promise<Applied> => {
  const changed: string[] = [];
  const warnings: string[] = [];
  const ended = (failure: string | null): Applied => ({
    changed,
    failure,
    ...(warnings.length === 0 ? {} : { warning: warnings.join('\n') }),
  });
  for (const resource of resources) {
    const id = resourceId(resource);
    if (options.signal.aborted) return ended(`${id}: the run was aborted before it`);
    try {
      const one = await applyOne(resource, options);
      for (const what of one.changed) options.log.info('resource changed', { resource: what });
      for (const warning of one.warnings) options.log.warn('left undone', { resource: id, warning });
      changed.push(...one.changed);
      warnings.push(...one.warnings);
    } catch (error) {
      const failure = `${id}: ${error instanceof Error ? error.message : String(error)}`;
      options.log.warn('resource failed', { resource: id, failure });
      return ended(failure);
    }
  }
  return ended(null);
};
