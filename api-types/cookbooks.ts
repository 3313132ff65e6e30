/** Cookbooks: folders of recipes of people's own, and where clusters get them from. */
import * as t from 'io-ts';
import { described } from './described.js';
import { Name, NonEmpty, Sha256, fields, oneOf, refined } from './words.js';

export const COOKBOOK_SOURCES = ['git', 'archive', 's3'] as const;

const COOKBOOK = '[a-z0-9A-Z][a-z0-9A-Z_-]*';
const RECIPE_NAME = new RegExp(`^${COOKBOOK}(::${COOKBOOK}(\\.[a-z0-9]+)?)?$`);

/** What a person calls a recipe: its cookbook, and its own name in it. */
export const RecipeName = refined(
  t.string,
  'a recipe as "cookbook" or "cookbook::recipe"',
  (value) => value.length <= 200 && RECIPE_NAME.test(value),
  { pattern: RECIPE_NAME.source, maxLength: 200 },
);

/** Where a cluster gets recipes from. */
export const CookbookSource = fields(
  'CookbookSource',
  {
    name: described(
      Name,
      'What this source is called in status and in messages; one of a kind in the Cluster.',
    ),
    type: described(
      oneOf(COOKBOOK_SOURCES),
      'git: a repository. archive: a tar.gz or zip that is downloaded. s3: such an archive in a bucket.',
    ),
    url: described(
      NonEmpty,
      'Where it is: what `git clone` takes; an http or https URL; `s3://bucket/key`. Without a password in it: name a Secret.',
    ),
  },
  {
    revision: described(
      NonEmpty,
      'git: a branch, a tag or a commit. It is resolved once and pinned; `scalarium cookbooks update` resolves it anew.',
      { otherwise: "the repository's default branch" },
    ),
    path: described(NonEmpty, 'The folder in it that holds the cookbooks.', { otherwise: 'its top' }),
    checksum: described(Sha256, 'archive, s3: the SHA-256 of the archive; another one is refused.', {
      otherwise: 'what is downloaded first is pinned',
    }),
    endpoint: described(NonEmpty, 's3: the base URL of a service that speaks S3.', {
      otherwise: "Amazon's, for the region",
    }),
    region: described(NonEmpty, 's3: the region that requests are signed for.', { default: 'us-east-1' }),
    secret: described(
      Name,
      'A Secret of the cluster with what opens the source. git: `sshKey`, or `user` and `password` (a token); archive: `user` and `password`; s3: `accessKeyId` and `secretAccessKey`. Read by the control plane only.',
      { otherwise: 'it is open to everybody' },
    ),
  },
);
export interface CookbookSource extends t.TypeOf<typeof CookbookSource> {}

/** What a source was resolved to: the same for all hosts until somebody updates it. */
export const CookbookPack = fields(
  'CookbookPack',
  {
    name: described(t.string, "The source's name."),
    revision: described(t.string, 'What was packed: a commit, or the digest of an archive.'),
    digest: described(t.string, 'SHA-256 of the pack; hosts fetch it by this name and check it.'),
  },
  {},
);
export interface CookbookPack extends t.TypeOf<typeof CookbookPack> {}

/** How it stands with a source. */
export const CookbookSourceState = fields(
  'CookbookSourceState',
  {},
  {
    fingerprint: described(
      t.string,
      'Of the source as it was when it was resolved; of another one it is resolved anew.',
    ),
    resolvedAt: described(t.string, 'When its pack was made.'),
    update: described(t.string, 'The request for an update that was answered last.'),
    previous: described(t.string, 'The digest of the pack before; hosts may still be given it.'),
    previousRevision: described(
      t.string,
      'What the pack before was made of, to make it again where it is lost; absent: that was tried in vain.',
    ),
    problem: described(t.string, 'Why it could not be resolved; an earlier pack stays in force.'),
  },
);
export interface CookbookSourceState extends t.TypeOf<typeof CookbookSourceState> {}

interface Named {
  readonly cookbooks?: readonly CookbookPack[];
  readonly cookbookSources?: Readonly<Record<string, CookbookSourceState>>;
}

/** Of all packs that hosts of a Cluster with this status may need. */
export const packDigests = ({ cookbooks = [], cookbookSources = {} }: Named): readonly string[] => [
  ...cookbooks.map(({ digest }) => digest),
  ...Object.values(cookbookSources).flatMap(({ previous }) => previous ?? []),
];

/** Annotations of a Cluster that ask for its sources to be resolved anew: for all, and for one by its name. Any new value asks. */
export const UPDATE_ALL = 'scalarium.dev/cookbooks-update';
export const updateOf = (source: string): string => `cookbooks-update.scalarium.dev/${source}`;

/** What is asked for a source now; the same text as before: nothing new. */
export const updateAsked = (annotations: Readonly<Record<string, string>>, source: string): string =>
  [annotations[UPDATE_ALL] ?? '', annotations[updateOf(source)] ?? ''].join(' ').trim();

/** Bounds of a pack: what is larger is no set of recipes, and every host would fetch it. */
export const PACK_BYTES = 512 * 1024 * 1024;
export const PACK_FILES = 100_000;
