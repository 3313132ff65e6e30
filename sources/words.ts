/** What people are told differs by what is fetched, and by who fetches it. */
import { join } from 'node:path';

export interface Words {
  /** Who fetches. */
  readonly fetcher: string;
  /** Where its programs are. */
  readonly machine: string;
  /** What is wanted of a source. */
  readonly thing: string;
  /** A folder in it, as an example. */
  readonly folder: string;
  /** What takes another archive than the one that is pinned. */
  readonly anew: string;
  /** Where the keys of hosts that were spoken to are kept. */
  readonly knownHosts: string;
  /** How folders of the machine become sources. */
  readonly localSources: string;
}

const LOCAL = "folders of the control plane's machine are read with scalarium up --local-sources only";

const ofPlane = {
  fetcher: 'the control plane',
  machine: 'the machine of the control plane',
  localSources: LOCAL,
};

export const OF_COOKBOOKS: Words = {
  ...ofPlane,
  thing: 'set of recipes',
  folder: 'cookbooks',
  anew: '"scalarium cookbooks update" takes the new one',
  knownHosts: 'packs/known_hosts in the data directory',
};

const ofApplications = {
  thing: 'application',
  folder: 'app',
  anew: 'a new Deployment takes the new one',
};

export const OF_APPLICATIONS: Words = {
  ...ofPlane,
  ...ofApplications,
  knownHosts: 'artifacts/known_hosts in the data directory',
};

/** Of a host that fetches for all: `lasting` is where it keeps what lasts. */
export const ofHost = (host: string, lasting: string): Words => ({
  ...ofApplications,
  fetcher: `host ${host}`,
  machine: `host ${host}`,
  knownHosts: join(lasting, 'known_hosts'),
  localSources: 'no host reads folders of its own machine',
});
