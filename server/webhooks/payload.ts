/** What Git hosts say of a push, as much of it as we read. Fields that a Git host leaves out are nobody's fault. */
import * as t from 'io-ts';

const text = t.union([t.string, t.null, t.undefined]);

const Repository = t.partial({
  clone_url: text,
  ssh_url: text,
  git_url: text,
  html_url: text,
  default_branch: text,
});

const Commit = t.partial({ id: text, message: text });

/** GitHub and Gitea; all events have the repository. */
export const HubPayload = t.partial(
  {
    ref: text,
    after: text,
    deleted: t.union([t.boolean, t.null]),
    repository: t.union([Repository, t.null]),
    pusher: t.union([t.partial({ name: text, login: text, username: text }), t.null]),
    head_commit: t.union([Commit, t.null]),
  },
  'HubPayload',
);
export interface HubPayload extends t.TypeOf<typeof HubPayload> {}

export const GitLabPayload = t.partial(
  {
    object_kind: text,
    ref: text,
    after: text,
    user_username: text,
    project: t.union([
      t.partial({
        git_http_url: text,
        git_ssh_url: text,
        http_url: text,
        ssh_url: text,
        web_url: text,
        default_branch: text,
      }),
      t.null,
    ]),
    commits: t.union([t.readonlyArray(Commit), t.null]),
  },
  'GitLabPayload',
);
export interface GitLabPayload extends t.TypeOf<typeof GitLabPayload> {}
