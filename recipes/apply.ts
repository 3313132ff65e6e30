/** Applies resources in order; stops at the first failure. */
import * as E from 'fp-ts/lib/Either.js';
import { applyExecute } from './execute.js';
import { applyDirectory, applyFile, applyLink } from './files.js';
import { resourceId, type Resource, type TemplateResource } from './resource.js';
import { render } from './template.js';

/** The part of a Log that a run speaks to. */
export interface ResourceLog {
  info(message: string, keys?: Readonly<Record<string, unknown>>): void;
  warn(message: string, keys?: Readonly<Record<string, unknown>>): void;
}

export interface ApplyOptions {
  /** The host's file system: `/`, or the folder that stands for it. */
  readonly root: string;
  /** Ends the run; a command that is running is killed with all its children. */
  readonly signal: AbortSignal;
  readonly log: ResourceLog;
}

export interface Applied {
  /** Ids of the resources that were not as they should be, in order. */
  readonly changed: readonly string[];
  /** For people: the resource, and for a command its exit code and last output. Null: all is as it should be. */
  readonly failure: string | null;
}

const applyTemplate = (root: string, resource: TemplateResource): Promise<boolean> => {
  const rendered = render(resource.template, resource.attributes);
  if (E.isLeft(rendered)) throw new Error(rendered.left);
  return applyFile(root, { path: resource.path, content: rendered.right, mode: resource.mode });
};

const applyOne = async (resource: Resource, { root, signal }: ApplyOptions): Promise<boolean> => {
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
  }
};

/** Brings the host to what the resources say; gives what was changed and the first failure. */
export const applyResources = async (
  resources: readonly Resource[],
  options: ApplyOptions,
): Promise<Applied> => {
  const changed: string[] = [];
  for (const resource of resources) {
    const id = resourceId(resource);
    if (options.signal.aborted) return { changed, failure: `${id}: the run was aborted before it` };
    try {
      if (await applyOne(resource, options)) {
        changed.push(id);
        options.log.info('resource changed', { resource: id });
      }
    } catch (error) {
      const failure = `${id}: ${error instanceof Error ? error.message : String(error)}`;
      options.log.warn('resource failed', { resource: id, failure });
      return { changed, failure };
    }
  }
  return { changed, failure: null };
};
