/** What a Git host tells of a push: as GitHub does, signed. */
import { createHmac } from 'node:crypto';

export interface GitPush {
  /** Where the control plane listens. */
  readonly port: number;
  /** Of the repository. */
  readonly url: string;
  readonly commit: string;
  readonly token: string;
}

/** Gives the status of the answer. */
export const tellOfPush = async ({ port, url, commit, token }: GitPush): Promise<number> => {
  const body = JSON.stringify({
    ref: 'refs/heads/main',
    before: commit,
    after: commit,
    repository: { clone_url: url, html_url: url, url },
    pusher: { name: 'jane' },
    head_commit: { id: commit },
    commits: [],
  });
  const { status } = await fetch(`http://127.0.0.1:${String(port)}/webhooks/git`, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': '1',
      'x-hub-signature-256': `sha256=${createHmac('sha256', token).update(body).digest('hex')}`,
    },
  });
  return status;
};
