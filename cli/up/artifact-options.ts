/** What `scalarium up` is told of its artifact store, where packs of applications are kept. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Clock } from '../../runtime/clock.js';
import { lockDirectory } from '../../runtime/directory-lock.js';
import { openShelf, type Shelf } from '../../runtime/shelf.js';
import type { S3Keys } from '../../sources/s3/signing.js';
import { readAwsKeys } from './credentials.js';

export type ArtifactStore =
  | {
      readonly kind: 'directory';
      readonly directory: string;
      /** Outside the data directory: others may be told to keep theirs there, too. */
      readonly outside: boolean;
    }
  | {
      readonly kind: 's3';
      readonly bucket: string;
      /** Without slashes at its ends; may be empty. */
      readonly prefix: string;
      readonly endpoint?: string;
      readonly region?: string;
      readonly keys: S3Keys;
      /** Where what was read is kept. */
      readonly directory: string;
    };

export interface RawArtifactOptions {
  readonly artifacts?: string;
  readonly artifactsEndpoint?: string;
  readonly artifactsRegion?: string;
  readonly artifactsCredentials?: string;
}

const OPTIONS: readonly (readonly [flags: string, says: string, variable: string])[] = [
  [
    '--artifacts <where>',
    'where packs of applications are kept: a directory, or s3://BUCKET[/PREFIX]; default: <data>/artifacts',
    'SCALARIUM_ARTIFACTS',
  ],
  [
    '--artifacts-endpoint <url>',
    "of s3: base URL of a service that speaks S3; default: Amazon's",
    'SCALARIUM_ARTIFACTS_ENDPOINT',
  ],
  [
    '--artifacts-region <region>',
    'of s3: the region that requests are signed for; default: us-east-1',
    'SCALARIUM_ARTIFACTS_REGION',
  ],
  [
    '--artifacts-credentials <file>',
    'of s3: AWS credentials file, its profile default; default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then ~/.aws/credentials',
    'SCALARIUM_ARTIFACTS_CREDENTIALS',
  ],
];

/** Adds them. */
export const addArtifactFlags = (command: Command): Command => {
  for (const [flags, says, variable] of OPTIONS) command.addOption(new Option(flags, says).env(variable));
  return command;
};

type Environment = Readonly<Record<string, string | undefined>>;

const keysIn = (file: string): S3Keys | null =>
  existsSync(file) ? sessionKeys(file, readAwsKeys(file, 'default')) : null;

/** A token of keys that hold for a while stands beside them. */
const sessionKeys = (file: string, keys: S3Keys | null): S3Keys | null => {
  const token = /^\s*aws_session_token\s*=\s*(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1];
  return keys === null || token === undefined ? keys : { ...keys, sessionToken: token };
};

const ofEnvironment = (env: Environment): S3Keys | null => {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env;
  if (!accessKeyId || !secretAccessKey) return null;
  const sessionToken = env['AWS_SESSION_TOKEN'];
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
};

const keysFor = ({ artifactsCredentials: file }: RawArtifactOptions, env: Environment): S3Keys => {
  if (file !== undefined && !existsSync(file))
    throw new Error(`--artifacts-credentials ${file}: there is no such file`);
  const keys =
    file === undefined ? (ofEnvironment(env) ?? keysIn(join(homedir(), '.aws/credentials'))) : keysIn(file);
  if (keys !== null) return keys;
  throw new Error(
    '--artifacts s3://…: expected credentials in --artifacts-credentials FILE, in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or in ~/.aws/credentials',
  );
};

const S3_FORM = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/+([\w./-]*))?$/;

const prefixOf = (text: string): string => text.replace(/^\/+|\/+$/g, '').replace(/\/+/g, '/');

const parseS3 = (raw: RawArtifactOptions, where: string, data: string, env: Environment): ArtifactStore => {
  const match = S3_FORM.exec(where);
  if (match === null)
    throw new Error(`--artifacts: expected a directory or s3://BUCKET[/PREFIX], got "${where}"`);
  const { artifactsEndpoint: endpoint, artifactsRegion: region } = raw;
  if (endpoint !== undefined && !/^https?:\/\/[^\s]+$/.test(endpoint))
    throw new Error(`--artifacts-endpoint: expected an http or https URL, got "${endpoint}"`);
  return {
    kind: 's3',
    bucket: match[1] ?? '',
    prefix: prefixOf(match[2] ?? ''),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    keys: keysFor(raw, env),
    directory: join(data, 'artifacts'),
  };
};

/** Throws an Error with one line for a person when an option is not of its form. */
export const parseArtifacts = (
  raw: RawArtifactOptions,
  data: string,
  env: Environment = process.env,
): ArtifactStore => {
  const where = raw.artifacts ?? join(data, 'artifacts');
  if (where.includes('://')) return parseS3(raw, where, data, env);
  for (const [name, given] of [
    ['--artifacts-endpoint', raw.artifactsEndpoint],
    ['--artifacts-region', raw.artifactsRegion],
    ['--artifacts-credentials', raw.artifactsCredentials],
  ] as const)
    if (given !== undefined) throw new Error(`${name} is for --artifacts s3://BUCKET[/PREFIX]`);
  const outside = resolve(where) !== resolve(data, 'artifacts');
  return { kind: 'directory', directory: where, outside };
};

interface Opening {
  readonly clock: Clock;
  /** Given what is to be done when the store is closed. */
  readonly hold: (release: () => Promise<void>) => void;
}

const openDirectory = async (directory: string, { clock, hold }: Opening): Promise<Shelf> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const lock = await lockDirectory(directory, { purpose: 'artifacts', clock, option: '--artifacts' });
  hold(() => lock.release());
  return openShelf(directory, clock);
};

/**
 * Two installations may share a bucket or a directory: each has a folder of its own in it, and clears up only there. One in
 * the data directory is locked with that.
 */
export const openArtifacts =
  (store: ArtifactStore, opening: Opening) =>
  async (installation: string): Promise<Shelf> => {
    if (store.kind === 'directory')
      return store.outside
        ? openDirectory(join(store.directory, installation), opening)
        : openShelf(store.directory, opening.clock);
    const { openBucketShelf } = await import('../../sources/s3/shelf.js');
    const prefix = store.prefix === '' ? installation : `${store.prefix}/${installation}`;
    return openBucketShelf({ ...store, prefix }, store.directory, opening.clock);
  };
