/** `GET /apis/scalarium.dev/v1/audit`: who did what, newest last. */
import * as E from 'fp-ts/lib/Either.js';
import { API_VERSION } from '../../api-types/metadata.js';
import type { Status } from '../../api-types/status.js';
import { type Clock, parseTimestamp } from '../../runtime/clock.js';
import type { Door } from '../door.js';
import { API_PATH } from '../routes.js';
import { badRequest } from '../statuses.js';
import type { AuditQuery } from './audit.js';

const DEFAULT_LIMIT = 200;
const MOST = 10_000;

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** RFC 3339, or how long ago: `90s`, `15m`, `1h`, `7d`. */
const sinceOf = (text: string | null, clock: Clock): E.Either<Status, number | null> => {
  if (text === null || text === '') return E.right(null);
  const [, count = '', unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== '') return E.right(clock.now() - Number(count) * (UNITS[unit] ?? 0));
  const at = /^\d{4}-\d\d-\d\dT/.test(text) ? parseTimestamp(text) : NaN;
  if (!Number.isNaN(at)) return E.right(at);
  return E.left(
    badRequest(
      `since: expected a time as "2026-01-31T12:00:00Z" or how long ago as "1h", got "${text.slice(0, 80)}"`,
    ),
  );
};

const limitOf = (text: string | null): E.Either<Status, number> => {
  if (text === null || text === '') return E.right(DEFAULT_LIMIT);
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MOST) return E.right(limit);
  return E.left(
    badRequest(`limit: expected a whole number from 1 to ${String(MOST)}, got "${text.slice(0, 80)}"`),
  );
};

const FIELDS = ['user', 'cluster', 'kind', 'verb'] as const;

const queryOf = (query: URLSearchParams, clock: Clock): E.Either<Status, AuditQuery> => {
  const since = sinceOf(query.get('since'), clock);
  if (E.isLeft(since)) return since;
  const limit = limitOf(query.get('limit'));
  if (E.isLeft(limit)) return limit;
  const given = FIELDS.flatMap((field) => {
    const value = query.get(field) ?? '';
    return value === '' ? [] : [[field, value] as const];
  });
  return E.right({ since: since.right, is: Object.fromEntries(given), limit: limit.right });
};

export const auditDoor: Door = {
  method: 'GET',
  path: `${API_PATH}/audit`,
  answer: async ({ audit, clock }, { query }) => {
    const wanted = queryOf(query, clock);
    if (E.isLeft(wanted)) return wanted;
    const items = await audit.read(wanted.right);
    return E.right({ code: 200, body: { apiVersion: API_VERSION, kind: 'AuditEntryList', items } });
  },
};
