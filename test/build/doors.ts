/** Doors asked without a server: documents that depend on the request's headers and query alone. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context, Reply } from '../../server/context.js';
import { doorsAt } from '../../server/doors.js';
import { assert } from '../suite.js';

const context = { version: '0.1.0' } as Context;

/** What a GET of this path is answered. */
export const getDoor = async (
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> => {
  const [path = '', query = ''] = url.split('?');
  const [door] = doorsAt(path);
  assert.ok(door, `there is no door at ${path}`);
  const request = { headers } as unknown as IncomingMessage;
  const response = {} as unknown as ServerResponse;
  const asked = { request, response, method: 'GET', path, query: new URLSearchParams(query) };
  const answer = await door.answer(context, asked, null);
  if (answer === null || E.isLeft(answer)) throw new Error(`no answer at ${path}`);
  return answer.right;
};

/** The JSON of a reply. */
export const jsonOf = (reply: Reply): Record<string, unknown> =>
  JSON.parse(String(reply.body)) as Record<string, unknown>;
