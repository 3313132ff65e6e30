/** The agent as one file an architecture: what was built, and what of it is pinned where. */
import * as t from 'io-ts';
import { described } from './described.js';
import { fields } from './words.js';

/** What the agent is built for. */
export const PLATFORMS = ['linux-x64', 'linux-arm64'] as const;
export type Platform = (typeof PLATFORMS)[number];

/** A version of the agent, by what its compressed files hash to: nothing else is ever started by its name. */
export const AgentRelease = fields(
  'AgentRelease',
  {
    version: described(t.string, 'Its version.'),
    sha256: described(
      t.partial({
        'linux-x64': described(t.string, 'For x86-64.', { otherwise: 'not built' }),
        'linux-arm64': described(t.string, 'For 64-bit ARM.', { otherwise: 'not built' }),
      }),
      'What the compressed file for each kind of machine hashes to, in hex.',
    ),
  },
  {},
);
export interface AgentRelease extends t.TypeOf<typeof AgentRelease> {}

const BuiltFile = fields(
  'BuiltFile',
  {
    /** Beside the index: gzip of the executable. */
    name: t.string,
    sha256: t.string,
    bytes: t.number,
    unpackedBytes: t.number,
  },
  {},
);

/** `index.json` beside the files that `npm run build:agent` makes. */
export const AgentIndex = fields(
  'AgentIndex',
  { version: t.string, files: t.partial({ 'linux-x64': BuiltFile, 'linux-arm64': BuiltFile }) },
  {},
);
export interface AgentIndex extends t.TypeOf<typeof AgentIndex> {}

/** What of the index is pinned. */
export const releaseOf = ({ version, files }: AgentIndex): AgentRelease => ({
  version,
  sha256: Object.fromEntries(
    PLATFORMS.flatMap((platform) => {
      const file = files[platform];
      return file === undefined ? [] : [[platform, file.sha256]];
    }),
  ),
});

const DIGEST = /^[0-9a-f]{64}$/;

export const isSha256 = (text: string): boolean => DIGEST.test(text);

/** `0.1.0-linux-x64-0123456789ab`: names a build on a host, in its folder and to its gateway. */
const buildName = (version: string, platform: Platform, sha256: string): string =>
  `${version}-${platform}-${sha256.slice(0, 12)}`;

/** The build of a release for a platform; null: there is none. */
export const buildOf = ({ version, sha256 }: AgentRelease, platform: Platform): string | null => {
  const digest = sha256[platform];
  return digest === undefined ? null : buildName(version, platform, digest);
};

/** The platform in a build's name; null: it is none of ours. */
export const platformOf = (build: string): Platform | null =>
  PLATFORMS.find((platform) => build.includes(`-${platform}-`)) ?? null;

/** Where gateways serve them, by the SHA-256 of the compressed file; public code, so without a credential. */
export const AGENT_FILES_PATH = '/agent/v1/files';
