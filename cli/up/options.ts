/** What `scalarium up` can be told, by option or by environment variable. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArtifacts, type ArtifactStore, type RawArtifactOptions } from './artifact-options.js';
import { builtAgents } from './program.js';
import { type FrontOptions, parseFront, type RawFrontOptions } from './front-options.js';

export interface UpOptions extends FrontOptions {
  readonly data: string;
  readonly port: number;
  readonly store: StoreOption;
  /** `local`, or the URL of an EC2 endpoint. */
  readonly cloud: string;
  readonly hosts: HostsOption;
  /** What namespace hosts have as their root, under their own changes; an absolute path. */
  readonly hostsBase: string;
  readonly example: boolean;
  readonly apply: string | null;
  readonly once: boolean;
  readonly timeoutSeconds: number;
  /** How often agents say that they are there; healing takes them for silent after 25 s. */
  readonly heartbeatSeconds: number;
  readonly installationKey: string | null;
  /** AWS credentials file for the endpoint; null: the local cloud's, else the SDK's chain. */
  readonly credentials: string | null;
  /** Where hosts' agents are, as `npm run build:agent` puts them. */
  readonly agentFiles: string;
  /** Where packs of applications are kept. */
  readonly artifacts: ArtifactStore;
  /** Folders of this machine may be sources. */
  readonly localSources: boolean;
}

export type StoreOption =
  | { readonly kind: 'file'; readonly directory: string }
  | { readonly kind: 'etcd'; readonly endpoints: readonly string[] };

const HOST_DRIVERS = ['process', 'hollow', 'namespace', 'none'] as const;
export type HostsOption = (typeof HOST_DRIVERS)[number];

/** As commander gives them: texts, absent where neither option nor variable was set. */
export interface RawUpOptions extends RawFrontOptions, RawArtifactOptions {
  readonly data: string;
  readonly port: string;
  readonly store?: string;
  readonly cloud: string;
  readonly hosts: string;
  readonly hostsBase?: string;
  readonly example: boolean;
  readonly apply?: string;
  readonly once?: boolean;
  readonly timeout: string;
  readonly heartbeat: string;
  readonly installationKey?: string;
  readonly credentials?: string;
  readonly agentFiles?: string;
  readonly localSources?: boolean;
}

const wrong = (option: string, expected: string, got: string): Error =>
  new Error(`${option}: expected ${expected}, got "${got}"`);

const wholeNumber = (option: string, text: string, most: number): number => {
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value < 0 || value > most)
    throw wrong(option, `a whole number from 0 to ${String(most)}`, text);
  return value;
};

const STORE_FORMS = 'file:DIRECTORY or etcd://HOST:PORT[,HOST:PORT…]';

/** `file:DIR` or `etcd://host:2379,host:2379`; none: an embedded store in the data directory. */
const parseStore = (text: string | undefined, data: string): StoreOption => {
  if (text === undefined) return { kind: 'file', directory: `${data}/store` };
  if (text.startsWith('file:') && text.length > 'file:'.length)
    return { kind: 'file', directory: text.slice('file:'.length) };
  const endpoints = text.startsWith('etcd://') ? text.slice('etcd://'.length).split(',') : [];
  if (endpoints.length === 0 || endpoints.some((endpoint) => !/^[^\s/:]+:\d+$/.test(endpoint)))
    throw wrong('--store', STORE_FORMS, text);
  return { kind: 'etcd', endpoints };
};

const parseCloud = (text: string): string => {
  if (text === 'local') return text;
  if (/^https?:\/\/[^\s]+$/.test(text)) return text;
  throw wrong('--cloud', 'local or an http or https URL', text);
};

const parseHosts = (text: string): HostsOption => {
  const driver = HOST_DRIVERS.find((candidate) => candidate === text);
  if (driver === undefined) throw wrong('--hosts', HOST_DRIVERS.join(', '), text);
  return driver;
};

const parseBase = ({ hosts, hostsBase }: RawUpOptions): string => {
  if (hostsBase !== undefined && hosts !== 'namespace')
    throw new Error(
      `--hosts-base is for --hosts namespace; hosts of the driver "${hosts}" have no root of their own`,
    );
  return resolve(hostsBase ?? '/');
};

/** Told before anything is started. */
const readable = (option: string, file: string | undefined): string | null => {
  if (file === undefined) return null;
  try {
    if (file !== '-') readFileSync(file);
    return file;
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : `it cannot be read: ${message}`;
    throw new Error(`${option} ${file}: ${reason}`, { cause: error });
  }
};

const heartbeatOf = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= 20) return value;
  throw wrong('--heartbeat', 'a whole number from 1 to 20', text);
};

/** Throws an Error with one line for a person when an option is not of its form. */
export const parseOptions = (raw: RawUpOptions): UpOptions => ({
  ...parseFront(raw),
  data: raw.data,
  port: wholeNumber('--port', raw.port, 65_535),
  store: parseStore(raw.store, raw.data),
  cloud: parseCloud(raw.cloud),
  hosts: parseHosts(raw.hosts),
  hostsBase: parseBase(raw),
  example: raw.example && raw.apply === undefined,
  apply: readable('--apply', raw.apply),
  once: raw.once === true,
  timeoutSeconds: wholeNumber('--timeout', raw.timeout, 86_400),
  heartbeatSeconds: heartbeatOf(raw.heartbeat),
  installationKey: readable('--installation-key', raw.installationKey),
  credentials: readable('--credentials', raw.credentials),
  agentFiles: raw.agentFiles ?? builtAgents(),
  artifacts: parseArtifacts(raw, raw.data),
  localSources: raw.localSources === true,
});
