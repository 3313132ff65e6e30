/** From the client's answers to values, or to the one line a person reads. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import type { Status } from '../api-types/status.js';
import type { Client } from '../client/client.js';
import { CliError, type GlobalFlags } from './context.js';

/** The value, or a CliError with what the server said. */
export const valueOf = async <A>(task: TaskEither<Status, A>): Promise<A> => {
  const result = await task();
  if (E.isRight(result)) return result.right;
  throw new CliError(lineOf(result.left), { cause: result.left });
};

/** The value; null where there is none (404). */
export const valueOrNull = async <A>(task: TaskEither<Status, A>): Promise<A | null> => {
  const result = await task();
  if (E.isRight(result)) return result.right;
  if (result.left.code === 404) return null;
  throw new CliError(lineOf(result.left), { cause: result.left });
};

/** What the server said, in one line. */
export const lineOf = (status: Status): string =>
  (status.message ?? status.reason ?? 'it failed').split('\n').join(' ');

/** The cluster that is meant: the one named, else the only one there is. */
export const clusterMeant = async (client: Client, { namespace }: GlobalFlags): Promise<string> => {
  if (namespace !== undefined) return namespace;
  const { items } = await valueOf(client.list('Cluster'));
  const names = items.map(({ metadata }) => metadata.name);
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (only === undefined)
    throw new CliError('there is no cluster yet: apply one with "scalarium apply -f FILE"');
  throw new CliError(`which cluster? name one with -n: ${names.join(', ')}`);
};
