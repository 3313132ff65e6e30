/** Release: one resolved revision of an Application with the configuration that it came with. Immutable. */
import * as t from 'io-ts';
import { described } from './described.js';
import { HealthCheck, Hooks, Migration, Processes } from './application-parts.js';
import { Integer, JsonObject, Time, fields } from './words.js';

/**
 * What of an Application's spec hosts need, as it was when the Deployment was made. As strict as the spec was when it was
 * admitted; read loosely, so that a later version's releases are no harm.
 */
export const ReleaseConfig = fields(
  'ReleaseConfig',
  { type: t.string },
  {
    build: t.readonlyArray(t.string),
    environment: t.record(
      t.string,
      t.union([t.string, t.number, t.boolean, t.type({ secret: t.string, key: t.string })]),
    ),
    domains: t.readonlyArray(t.string),
    path: t.string,
    tls: t.type({ secret: t.string }),
    port: t.number,
    entry: t.string,
    documentRoot: t.string,
    processes: Processes,
    health: HealthCheck,
    hooks: Hooks,
    migration: Migration,
    shared: t.readonlyArray(t.string),
    releasesToKeep: t.number,
    overlap: t.string,
    attributes: JsonObject,
  },
);
export interface ReleaseConfig extends t.TypeOf<typeof ReleaseConfig> {}

export const Release = fields(
  'Release',
  {
    number: described(Integer, 'Which release of the application it is, counted from 1.'),
    deployment: described(t.string, 'The Deployment that made it.'),
    revision: described(t.string, 'What was packed: a commit, a number of svn, the SHA-256 of an archive.'),
    digest: described(t.string, 'SHA-256 of the pack; hosts fetch it by this name and check it.'),
    roles: described(t.readonlyArray(t.string), 'Roles whose hosts run it.'),
    config: described(ReleaseConfig, 'The configuration that it came with.'),
    createdAt: described(Time, 'When it was packed.'),
  },
  {
    wanted: described(t.string, 'What was asked for, as a branch.'),
  },
);
export interface Release extends t.TypeOf<typeof Release> {}

/** What a host runs of an application, as it says itself. */
export const HostRelease = fields(
  'HostRelease',
  {
    release: described(Integer, 'The number of the release.'),
    revision: described(t.string, 'Its revision.'),
  },
  { port: described(Integer, "Where it listens, where that is not the release's port.") },
);
export interface HostRelease extends t.TypeOf<typeof HostRelease> {}

/** By the name of the application. */
export const HostReleases = t.record(t.string, HostRelease);
