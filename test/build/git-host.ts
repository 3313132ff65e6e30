/** A Git host that tells a server of pushes, and a cluster that has an application of its. */
import { createHmac } from 'node:crypto';
import { MADE_BY } from '../../api-types/kinds/deployment.js';
import { sealTexts } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import { ref } from '../fake/objects.js';
import { type AccessServer, withServer } from './access.js';
import { type HttpAnswer, TEST_SEALER } from './server.js';

export const TOKEN = 'a token of the shop';
export const COMMIT = '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567';
export const ZEROS = '0'.repeat(40);

export const secret = ({ objects }: AccessServer, cluster: string, token: string): void => {
  const of = ref('Secret', cluster, 'hook');
  objects.has(of, { spec: { sealed: sealTexts(TEST_SEALER, specKey(of), { token }, {}) } });
};

export const application = (
  { objects }: AccessServer,
  name: string,
  more: object = {},
  cluster = 'shop',
): void => {
  const source = { type: 'git', url: 'git@github.com:acme/shop.git' };
  objects.has(ref('Application', cluster, name), {
    spec: { type: 'nodejs', source, webhook: { secret: 'hook' }, ...more },
  });
};

export const push = (more: object = {}): object => ({
  ref: 'refs/heads/main',
  after: COMMIT,
  deleted: false,
  repository: {
    clone_url: 'https://github.com/acme/shop.git',
    ssh_url: 'git@github.com:acme/shop.git',
    default_branch: 'main',
  },
  pusher: { name: 'anna' },
  head_commit: { id: COMMIT, message: 'feat: faster\n\nmuch faster' },
  ...more,
});

export const signed = (text: string, token: string): string =>
  createHmac('sha256', token).update(text).digest('hex');

interface How {
  readonly token?: string;
  readonly event?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const post = ({ ask }: AccessServer, body: string, headers: Readonly<Record<string, string>>) =>
  ask('POST', '/webhooks/git', { token: null, body, headers });

export const github = (server: AccessServer, payload: object, how: How = {}): Promise<HttpAnswer> => {
  const json = JSON.stringify(payload);
  const form = how.type === 'application/x-www-form-urlencoded';
  const body = form ? new URLSearchParams({ payload: json }).toString() : json;
  return server.ask('POST', '/webhooks/git', {
    token: null,
    body,
    type: how.type ?? 'application/json',
    headers: {
      'x-github-event': how.event ?? 'push',
      'x-github-delivery': 'd-1',
      'x-hub-signature-256': `sha256=${signed(body, how.token ?? TOKEN)}`,
      ...how.headers,
    },
  });
};

export const made = ({ objects }: AccessServer, cluster?: string) =>
  objects.list('Deployment', cluster).map(({ ref: of, spec, annotations }) => ({
    application: spec.application,
    cluster: of.cluster,
    name: of.name,
    spec,
    by: annotations[MADE_BY],
  }));

export const withShop = (body: (server: AccessServer) => Promise<void>) =>
  withServer(async (server) => {
    secret(server, 'shop', TOKEN);
    application(server, 'web');
    await body(server);
  });
