/** Who asks, and whether they may: the port between the API and users, tokens and grants. */
import type * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage } from 'node:http';
import type { SentManifest } from '../../api-types/manifest.js';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import type { View } from '../views/view.js';
import type { Logins } from './logins.js';

/** How a caller showed who they are. */
export type Proof =
  /** The token derived from the installation key: whoever holds the key's file. */
  | { readonly by: 'installation' }
  | { readonly by: 'token'; readonly token: string }
  | { readonly by: 'oidc'; readonly issuer: string }
  | { readonly by: 'agent'; readonly machine: string }
  /** A Git host that knows an Application's token. */
  | { readonly by: 'webhook' };

export interface Caller {
  /** The User's name; `system:installation`; `system:agent:<cluster>:<instance>`; `oidc:<claim>` where no User is theirs. */
  readonly user: string;
  readonly groups: readonly string[];
  readonly proof: Proof;
  /**
   * False once the token, the user or the machine's place is gone, or what they may do has changed: long answers look
   * before each line, and end.
   */
  valid(): boolean;
}

/** What is asked: of a resource, or (`resource` null) of a path. */
export interface Attributes {
  /**
   * A ResourceVerb, `consent` and the like, or (of a path) the method in small letters; `reveal`: to be shown the values
   * of one Secret, asked after `get` was allowed.
   */
  readonly verb: string;
  readonly path: string;
  readonly resource: {
    readonly view: View;
    readonly cluster: string | null;
    readonly name: string | null;
    readonly sub: string | null;
  } | null;
}

export interface Decision {
  readonly allowed: boolean;
  /** For people: which grant allows it, or what would be needed. */
  readonly reason: string;
}

/** What a write makes of an object; `before` null: it creates, `after` null: it deletes. */
export interface Admitted {
  readonly before: Live | null;
  readonly after: SentManifest | null;
}

export interface Access {
  /** Passwords, ID tokens and tokens of users; null: there are no users (a test's access). */
  readonly logins: Logins | null;
  /** Left: 401 (or 429), the same words whether a user exists or not. */
  authenticate(request: IncomingMessage): Promise<E.Either<Status, Caller>>;
  /** Decided from the path and verb, before any body is read: who may only part of it is sorted out by `sees` and `admits`. */
  decide(caller: Caller, asked: Attributes): Decision;
  /** Whether this object is in the caller's lists and watches. */
  sees(caller: Caller, live: Live): boolean;
  /** A second look at every write, at each object it changes, before it is written (or would be: dryRun); null: fine. */
  admits(caller: Caller, change: Admitted): Status | null;
}
