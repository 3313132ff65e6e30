/** A door: a path that is no resource (plan, version, login, reviews …), with its own method and answer. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes, Caller } from './access/access.js';
import type { Answer, Context } from './context.js';

/** A request as everybody reads it. */
export interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface Door {
  /** `GET` answers HEAD too. */
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** The whole path, or a pattern of it. */
  readonly path: string | RegExp;
  /** The resource (or what is below an object) that the path is about, for whoever decides; none: the path itself. */
  readonly resource?: (path: string) => Attributes['resource'];
  /** Anybody may ask, with or without a token. */
  readonly anonymous?: boolean;
  /** Null: the response is taken. `caller` null: an anonymous door. */
  readonly answer: (context: Context, asked: Asked, caller: Caller | null) => Promise<Answer | null> | Answer;
}
