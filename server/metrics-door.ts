/** `/metrics`: Prometheus text, or JSON for those who accept it. */
import * as E from 'fp-ts/lib/Either.js';
import type { Door } from './door.js';
import { prometheusText } from './metrics.js';

export const metricsDoor: Door = {
  method: 'GET',
  path: '/metrics',
  answer: ({ metrics }, { request }) =>
    (request.headers.accept ?? '').includes('application/json')
      ? E.right({ code: 200, body: metrics() })
      : E.right({ code: 200, body: prometheusText(metrics()), type: 'text/plain; version=0.0.4' }),
};
