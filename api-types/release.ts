/** Release: one resolved revision of an Application with the configuration that it came with. Immutable. */
import * as t from 'io-ts';
import { described } from './described.js';
import { HealthCheck, Hooks, Migration, Processes } from './application-parts.js';
import { Integer, JsonObject, Time, fields } from './words.js';

const SecretName = described(t.string, 'The Secret of the cluster.');
const SecretField = described(t.string, 'Which of its values.');

/**
 * What of an Application's spec hosts need, as it was when the Deployment was made. As strict as the spec was when it was
 * admitted; read loosely, so that a later version's releases are no harm.
 */
export const ReleaseConfig = fields(
  'ReleaseConfig',
  { type: described(t.string, 'What the application is, as nodejs.') },
  {
    build: described(t.readonlyArray(t.string), 'What makes the code ready to run, command by command.'),
    environment: described(
      t.record(
        t.string,
        t.union([t.string, t.number, t.boolean, t.type({ secret: SecretName, key: SecretField })]),
      ),
      'Variables of its processes, builds, hooks and migrations; secret ones by reference.',
    ),
    domains: described(t.readonlyArray(t.string), 'Host names of requests that are for it.'),
    path: described(t.string, 'Only requests below this path are for it.'),
    tls: described(t.type({ secret: SecretName }), 'How its domains are served over HTTPS.'),
    port: described(t.number, 'Where its web process listens.'),
    entry: described(t.string, 'nodejs: the file that is run; java: the WAR.'),
    documentRoot: described(t.string, 'static, php, rails: what nginx serves.'),
    processes: described(Processes, 'What runs on each host, by name.'),
    health: described(HealthCheck, 'When a host that has it counts as well.'),
    hooks: described(Hooks, 'Commands around the steps of a deploy.'),
    migration: described(Migration, 'What its migration runs.'),
    shared: described(t.readonlyArray(t.string), 'Folders that all releases of a host share.'),
    releasesToKeep: described(t.number, 'How many releases stay on each host.'),
    overlap: described(t.string, 'Whether it runs beside the release before it for a moment.'),
    attributes: described(JsonObject, "Free JSON for the application's hooks and for templates."),
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
export type HostReleases = t.TypeOf<typeof HostReleases>;
