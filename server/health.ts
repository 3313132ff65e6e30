/** Whether the API is alive, and whether it takes requests: asked by load balancers, without a token. */
import * as E from 'fp-ts/lib/Either.js';
import type { Door } from './door.js';
import { unavailable } from './statuses.js';

const ok = E.right({ code: 200, body: 'ok\n', type: 'text/plain' });

const alive = (path: string): Door => ({ method: 'GET', path, anonymous: true, answer: () => ok });

const ready: Door = {
  method: 'GET',
  path: '/readyz',
  anonymous: true,
  answer: ({ closing }) => (closing.aborted ? E.left(unavailable('shutting down', 5)) : ok),
};

export const healthDoors: readonly Door[] = [alive('/healthz'), alive('/livez'), ready];
