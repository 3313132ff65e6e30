/** From what a Git host sent to what happened in which repository. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type * as t from 'io-ts';
import { GitLabPayload, HubPayload } from './payload.js';
import type { Provider } from './proof.js';
import { repositoryKey } from './repository.js';

/** A branch has a commit that it did not have before. */
export interface Push {
  readonly branch: string;
  readonly commit: string;
  /** First line of the commit's message; empty: not told. */
  readonly subject: string;
}

export interface Told {
  /** By their keys; several: the same one by several protocols. None: the Git host says nothing of a repository. */
  readonly repositories: readonly string[];
  readonly defaultBranch: string | null;
  readonly pusher: string;
  /** A text: why there is nothing to do. */
  readonly push: Push | string;
}

type Text = string | null | undefined;

const keysOf = (urls: readonly Text[]): readonly string[] => [
  ...new Set(
    urls.flatMap((url) => {
      const key = typeof url === 'string' ? repositoryKey(url) : null;
      return key === null ? [] : [key];
    }),
  ),
];

const LONGEST_SUBJECT = 200;

/** For people, and for a log: no line ends, nothing that moves a cursor. */
const lineOf = (text: Text): string => {
  const [first = ''] = (text ?? '').trimStart().split(/\r?\n/);
  return first
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ')
    .trim()
    .slice(0, LONGEST_SUBJECT);
};

const LONGEST_PUSHER = 64;

/** Into an annotation: whatever somebody is called at their Git host. */
const pusherOf = (...names: readonly Text[]): string => {
  const named = names.find((name) => (name ?? '') !== '') ?? 'somebody';
  return named.replace(/[^\p{L}\p{N}@._+-]/gu, '_').slice(0, LONGEST_PUSHER);
};

const COMMIT = /^[0-9a-f]{40}([0-9a-f]{24})?$/;
const NO_COMMIT = /^0+$/;

interface Pushed {
  readonly ref: Text;
  readonly after: Text;
  readonly deleted: boolean;
  readonly message: Text;
}

const aboutRef = (ref: string): string =>
  ref.startsWith('refs/tags/')
    ? 'a tag was pushed: only pushes to branches are deployed'
    : 'it names no branch';

const pushOf = ({ ref, after, deleted, message }: Pushed): Push | string => {
  const commit = after ?? '';
  const [, branch] = /^refs\/heads\/(.+)$/s.exec(ref ?? '') ?? [];
  if (branch === undefined) return aboutRef(ref ?? '');
  if (deleted || NO_COMMIT.test(commit)) return 'the branch was deleted: what runs goes on';
  if (!COMMIT.test(commit)) return 'it names no commit';
  return { branch, commit, subject: lineOf(message) };
};

const ofHub = (sent: HubPayload, event: string): Told => {
  const { clone_url, ssh_url, git_url, html_url, default_branch } = sent.repository ?? {};
  const { ref, after, deleted, head_commit: head, pusher } = sent;
  return {
    repositories: keysOf([clone_url, ssh_url, git_url, html_url]),
    defaultBranch: default_branch ?? null,
    pusher: pusherOf(pusher?.login, pusher?.username, pusher?.name),
    push:
      event === 'push'
        ? pushOf({ ref, after, deleted: deleted === true, message: head?.message })
        : `${event} is no push: nothing is to be done`,
  };
};

const ofGitLab = (sent: GitLabPayload): Told => {
  const { git_http_url, git_ssh_url, http_url, ssh_url, web_url, default_branch } = sent.project ?? {};
  const { ref, after, commits, object_kind: kind, user_username: user } = sent;
  const isPush = kind === 'push' || kind === 'tag_push';
  const message = commits?.find(({ id }) => id === after)?.message;
  return {
    repositories: keysOf([git_http_url, git_ssh_url, http_url, ssh_url, web_url]),
    defaultBranch: default_branch ?? null,
    pusher: pusherOf(user),
    push: isPush
      ? pushOf({ ref, after, deleted: false, message })
      : `${lineOf(kind) || 'this'} is no push: nothing is to be done`,
  };
};

const read = <A>(codec: t.Type<A>, value: unknown, told: (sent: A) => Told): Told | null => {
  const decoded = codec.decode(value);
  return E.isLeft(decoded) ? null : told(decoded.right);
};

/** Null: it is not what this Git host sends. */
export const toldBy = (provider: Provider, event: string, payload: unknown): Told | null =>
  provider === 'gitlab'
    ? read(GitLabPayload, payload, ofGitLab)
    : read(HubPayload, payload, (sent) => ofHub(sent, event));
