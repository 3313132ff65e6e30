/**
 * The resource model: what a host should look like, as data. Each resource is checked first and changed only where
 * it differs, so that a run may be repeated, also after it was cut short. Paths are absolute and below the host's root.
 */
import type { Account } from '../api-types/accounts.js';

interface Placed {
  /** Absolute, as seen on the host: `/etc/hosts`. */
  readonly path: string;
}

export interface FileResource extends Placed {
  readonly type: 'file';
  readonly content: string;
  /** Permission bits; 0644 unless told. */
  readonly mode?: number;
}

export interface DirectoryResource extends Placed {
  readonly type: 'directory';
  /** Permission bits; 0755 unless told. */
  readonly mode?: number;
}

/** A file with `{{ dotted.names }}` that are looked up in `attributes`; an unknown one is a failure. */
export interface TemplateResource extends Placed {
  readonly type: 'template';
  readonly template: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly mode?: number;
}

/** A symbolic link; it must end within the root, and is written relative so that it does wherever the root is. */
export interface LinkResource extends Placed {
  readonly type: 'link';
  readonly target: string;
}

/** A command; it runs every time unless `creates` or `unless` says that it is done already. */
export interface ExecuteResource {
  readonly type: 'execute';
  /** What it does, for people: `install gems`. */
  readonly name: string;
  /** Program and arguments; no shell in between. */
  readonly command: readonly string[];
  /** A path: when it exists there is nothing to do. */
  readonly creates?: string;
  /** A command: when it exits 0 there is nothing to do. */
  readonly unless?: readonly string[];
  /** 300 unless told; then the whole process group is killed. */
  readonly timeoutSeconds?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** All accounts of people on the host: those are made, and any other that Scalarium has made is removed. */
export interface AccountsResource {
  readonly type: 'accounts';
  readonly accounts: readonly Account[];
}

export type Resource =
  FileResource | DirectoryResource | TemplateResource | LinkResource | ExecuteResource | AccountsResource;

const nameOf = (resource: Resource): string => {
  if (resource.type === 'accounts') return 'people';
  return resource.type === 'execute' ? resource.name : resource.path;
};

/** What results and logs call it: `file[/etc/hosts]`. */
export const resourceId = (resource: Resource): string => `${resource.type}[${nameOf(resource)}]`;
