/**
 * The resource model: what a host should look like, as data. Each resource is checked first and changed only where
 * it differs, so that a run may be repeated, also after it was cut short. Paths are absolute and below the host's root.
 */
import type { Account } from '../api-types/accounts.js';

/** Whose value is resolved on the host when the resource is applied; never in a snapshot, a log or a diff. */
export interface SecretReference {
  /** Name of the Secret in the cluster. */
  readonly secret: string;
  readonly key: string;
}

/** A text that may be a secret. */
export type SecretText = string | SecretReference;

/**
 * A text with `{{ dotted.names }}` that are looked up in `attributes`; an unknown one is a failure. `{{ name | json }}`
 * is written as JSON, `{{ name | env }}` as in an EnvironmentFile of systemd, `{{ name | ini }}` as in PHP's files.
 */
export interface Filled {
  readonly template: string;
  /** Values may be SecretReferences, at any depth. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What a change of a resource makes happen to another one of the run. */
export interface Notification {
  /** `restart` and `reload` are for services, `run` for executes. */
  readonly action: 'restart' | 'reload' | 'run';
  /** Its id: `service[haproxy]`, `execute[reload rules]`. One that is not in the run is a failure before anything is touched. */
  readonly resource: string;
  /** `end` unless told: once, after all resources, also when one of them failed. */
  readonly when?: 'end' | 'immediately';
}

interface Common {
  /** What happens elsewhere when this resource was changed. */
  readonly notifies?: readonly Notification[];
  /** A command: the resource counts only when it exits 0, also for what others notify it of. */
  readonly onlyIf?: readonly string[];
  /** Only on hosts of this family of distributions, for what the two name or place differently; a folder counts as debian. */
  readonly family?: 'debian' | 'redhat';
  /**
   * `machine`: left out, with a note, on a host that is a folder; there, too, a service's unit file and files are
   * written, these unchecked.
   */
  readonly on?: 'machine';
  /** Where the recipe says so, for failures: `recipes/roles/memcached.ts:31`. Filled in when the agent is built. */
  readonly at?: string;
}

interface Placed {
  /** Absolute, as seen on the host: `/etc/hosts`. */
  readonly path: string;
}

/** On a host that is a folder, owners are not set: it has no users of its own. */
interface Owned {
  /** Permission bits; of files 0644 unless told (0600 where a template holds a secret), of directories 0755. */
  readonly mode?: number;
  /** A user's name; left as it is unless told. */
  readonly owner?: string;
  /** A group's name; left as it is unless told. */
  readonly group?: string;
}

interface Judged {
  /** A command that must exit 0 for the new content before it comes into force; `{}` in it is the new file's path. */
  readonly check?: readonly string[];
}

export interface FileResource extends Common, Placed, Owned, Judged {
  readonly type: 'file';
  readonly content: string;
}

/** Parents are made where they are missing. */
export interface DirectoryResource extends Common, Placed, Owned {
  readonly type: 'directory';
}

/** A file that is filled in from attributes. */
export interface TemplateResource extends Common, Placed, Owned, Judged, Filled {
  readonly type: 'template';
}

/** A symbolic link; it must end within the root, and is written relative so that it does wherever the root is. */
export interface LinkResource extends Common, Placed {
  readonly type: 'link';
  readonly target: string;
}

/** A file, link or directory (with all that is in it) that must not be there. */
export interface AbsentResource extends Common, Placed {
  readonly type: 'absent';
}

/** A command; it runs every time unless `creates`, `unless` or `onlyIf` says that there is nothing to do. */
export interface ExecuteResource extends Common {
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
  /** Whose rights it and its guards run with, and whose HOME they see; root's unless told. */
  readonly user?: string;
  /** The user's own group unless told. */
  readonly group?: string;
  /** Where it runs; the root unless told. */
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, SecretText>>;
  /** What it reads from its standard input; nothing unless told. */
  readonly input?: SecretText | Filled;
  /** `notified`: it runs only when another resource notifies it. */
  readonly only?: 'notified';
  /** A resource that is a service: notified, this belongs to its reload, which there is none of where this run has started it. */
  readonly ofReload?: string;
}

/** Packages of the distribution. Adjacent ones are one transaction. */
export interface PackageResource extends Common {
  readonly type: 'package';
  readonly names: readonly string[];
  /** `installed` unless told. */
  readonly state?: 'installed' | 'removed';
  /** Any unless told; exactly as the distribution writes it, or its beginning and `*`. */
  readonly version?: string;
}

/** Where a service answers when it can do its work. */
export interface Answers {
  /** A port of the host, or the path of a socket. */
  readonly at: number | string;
  /** Paths; only when one of them is there anything is waited for, as the code of an application. */
  readonly once: readonly string[];
  /** So long at most; one that does not answer by then is noted, and the run goes on. */
  readonly seconds: number;
}

/** A service of systemd, or of our supervisor where there is no systemd. */
export interface ServiceResource extends Common {
  readonly type: 'service';
  /** Of the unit, without `.service`: `haproxy`. */
  readonly name: string;
  readonly state: 'running' | 'stopped';
  /** Whether it starts with the host; left as it is unless told. */
  readonly enabled?: boolean;
  /** What a notification to reload does: `restart` for a service that cannot reload; `reload` unless told. */
  readonly reload?: 'reload' | 'restart';
  /** What a reload notifies sees itself that it went well: nobody looks once more whether the service has stayed. */
  readonly reloadIsSeen?: boolean;
  /**
   * Restarts and reloads that others notify are spread over so many seconds by the number in the instance's name, so that not all
   * hosts of a role are away at once; none unless told. One that does not run is started at once.
   */
  readonly spreadSeconds?: number;
  /** After a restart that others notify the run goes on when it answers; nothing is waited for unless told. */
  readonly answers?: Answers;
  /** The content of a unit file of our own, in /etc/systemd/system; a change of it restarts the service at the end. */
  readonly unit?: string;
}

export interface UserResource extends Common {
  readonly type: 'user';
  readonly name: string;
  readonly uid?: number;
  readonly home?: string;
  readonly shell?: string;
  /** Of a service, not of a person: from the system's range of ids, and without a home of its own unless `home` is told. */
  readonly system?: boolean;
  /** Groups that it must be in beside its own; others are left. */
  readonly groups?: readonly string[];
}

export interface GroupResource extends Common {
  readonly type: 'group';
  readonly name: string;
  readonly gid?: number;
  readonly system?: boolean;
}

/** All keys that open an account; any other is taken out of its authorized_keys. */
export interface AuthorizedKeysResource extends Common {
  readonly type: 'authorizedKeys';
  readonly user: string;
  readonly keys: readonly string[];
}

/** A file in /etc/sudoers.d, which visudo must accept before it comes into force. */
export interface SudoRuleResource extends Common {
  readonly type: 'sudoRule';
  /** Of the file: letters, digits, `_` and `-`. */
  readonly name: string;
  readonly content: string;
}

/** A file in /etc/cron.d. */
export interface CronResource extends Common {
  readonly type: 'cron';
  /** Of the file: letters, digits, `_` and `-`. */
  readonly name: string;
  /** Five fields, or `@daily` and its like. */
  readonly schedule: string;
  readonly user: string;
  /** One line for /bin/sh. */
  readonly command: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** A working copy at a revision; what was changed in it by hand is overwritten. */
export interface GitResource extends Common, Placed {
  readonly type: 'git';
  readonly repository: string;
  /** A commit, tag or branch; of a branch its newest commit at each run. */
  readonly revision: string;
  /** Whom it belongs to; root unless told. */
  readonly user?: string;
  /** A private key for ssh. */
  readonly key?: SecretReference;
}

/** A directory with what is in an archive (tar, also compressed; zip). */
export interface ArchiveResource extends Common, Placed {
  readonly type: 'archive';
  /** http or https. */
  readonly url: string;
  /** SHA-256 in hexadecimal digits; another archive's content never comes into force. */
  readonly checksum: string;
  /** So many leading parts of the names in it are dropped; 0 unless told. */
  readonly strip?: number;
  /** Whom everything in it belongs to; root unless told. */
  readonly owner?: string;
}

export type FileSystemFormat = 'xfs' | 'ext4';

/** A file system on a device; one that holds anything else, is mounted or has partitions is never formatted: it fails. */
export interface FileSystemResource extends Common {
  readonly type: 'filesystem';
  /** `/dev/xvdf` */
  readonly device: string;
  readonly format: FileSystemFormat;
  readonly label?: string;
}

/** A file system that is mounted, now and at each start of the host (/etc/fstab). */
export interface MountResource extends Common, Placed {
  readonly type: 'mount';
  readonly device: string;
  readonly format: string;
  /** As in /etc/fstab; `defaults,nofail` unless told, so that a lost device keeps no host from starting. */
  readonly options?: string;
}

/** A setting of the kernel, now and at each start of the host (/etc/sysctl.d). */
export interface SysctlResource extends Common {
  readonly type: 'sysctl';
  /** `vm.swappiness` */
  readonly name: string;
  readonly value: string;
}

/** Waits until a connection is accepted. */
export interface WaitForPortResource extends Common {
  readonly type: 'waitForPort';
  readonly host: string;
  readonly port: number;
  /** 60 unless told; then it fails. */
  readonly timeoutSeconds?: number;
}

/** All accounts of people on the host: those are made, and any other that Scalarium has made is removed. */
export interface AccountsResource extends Common {
  readonly type: 'accounts';
  readonly accounts: readonly Account[];
}

/** Files that recipes of before have written and no resource of this run wants: they are removed. */
export interface LeftoversResource extends Common {
  readonly type: 'leftovers';
  /** What they are, for people. */
  readonly name: string;
  /** One `*` stands for any one part. */
  readonly folder: string;
  readonly prefix: string;
  readonly suffix: string;
  /** Paths of files that stay. */
  readonly keep: readonly string[];
  /**
   * `own`: each is the unit of a service, which is stopped and disabled first. A name, with what the folder's `*` stands
   * for: whose files they are; it is reloaded, or stopped and disabled when it is none of `wanted`.
   */
  readonly service?: string;
  /** Such services run on hosts that are folders, too. */
  readonly runsInFolders?: boolean;
  /** Services that are to run. */
  readonly wanted: readonly string[];
}

/** What keeps a recipe from being carried out at all, as an attribute that makes no sense: the run fails here. */
export interface RefusalResource extends Common {
  readonly type: 'refusal';
  /** Of the role. */
  readonly name: string;
  /** For people. */
  readonly why: string;
}

export type Resource =
  | FileResource
  | DirectoryResource
  | TemplateResource
  | LinkResource
  | AbsentResource
  | ExecuteResource
  | PackageResource
  | ServiceResource
  | UserResource
  | GroupResource
  | AuthorizedKeysResource
  | SudoRuleResource
  | CronResource
  | GitResource
  | ArchiveResource
  | FileSystemResource
  | MountResource
  | SysctlResource
  | WaitForPortResource
  | AccountsResource
  | LeftoversResource
  | RefusalResource;

export type ResourceType = Resource['type'];

/** The resources of one type. */
export type ResourceOf<T extends ResourceType> = Extract<Resource, { readonly type: T }>;

const nameOf = (resource: Resource): string => {
  if ('path' in resource) return resource.path;
  if ('name' in resource) return resource.name;
  if ('device' in resource) return resource.device;
  if ('user' in resource) return resource.user;
  if ('names' in resource) return resource.names.join(', ');
  return 'port' in resource ? `${resource.host}:${String(resource.port)}` : 'people';
};

/** What results, logs and notifications call it: `file[/etc/hosts]`, `service[haproxy]`, `package[nginx, php-fpm]`. */
export const resourceId = (resource: Resource): string => `${resource.type}[${nameOf(resource)}]`;
