/** Where the code of an Application comes from. */
import * as t from 'io-ts';
import { described } from './described.js';
import { Name, NonEmpty, Sha256, fields, oneOf } from './words.js';

export const APPLICATION_SOURCES = ['git', 'svn', 'archive', 's3'] as const;

export const ApplicationSource = fields(
  'ApplicationSource',
  {
    type: described(
      oneOf(APPLICATION_SOURCES),
      'git, svn: a repository. archive: a tar.gz, zip or WAR that is downloaded. s3: such an archive in a bucket.',
    ),
    url: described(
      NonEmpty,
      'Where it is: what `git clone` or `svn checkout` takes; an http or https URL; `s3://bucket/key`. Without a password in it: name a Secret.',
    ),
  },
  {
    revision: described(
      NonEmpty,
      'git: a branch, a tag or a commit; svn: a number. What it stands for is found out once, when a Deployment is made.',
      { otherwise: "git: the repository's default branch; svn: the newest" },
    ),
    path: described(NonEmpty, 'The folder in it that is the application.', { otherwise: 'its top' }),
    submodules: described(t.boolean, 'git: its submodules are fetched too.', { otherwise: 'true' }),
    checksum: described(Sha256, 'archive, s3: the SHA-256 of the archive; another one is refused.', {
      otherwise: 'what is there when a Deployment is made',
    }),
    endpoint: described(NonEmpty, 's3: the base URL of a service that speaks S3.', {
      otherwise: "Amazon's, for the region",
    }),
    region: described(NonEmpty, 's3: the region that requests are signed for.', { otherwise: 'us-east-1' }),
    secret: described(
      Name,
      'A Secret of the cluster with what opens the source. git: `sshKey`, or `user` and `password` (a token); svn, archive: `user` and `password`; s3: `accessKeyId` and `secretAccessKey`.',
      { otherwise: 'it is open to everybody' },
    ),
    fetchedBy: described(
      oneOf(['control-plane', 'host']),
      'Who fetches and packs it, once a Deployment: the control plane, or one host of the application that can reach what the control plane cannot.',
      { otherwise: 'control-plane' },
    ),
  },
);
export interface ApplicationSource extends t.TypeOf<typeof ApplicationSource> {}
