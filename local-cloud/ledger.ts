/** How often each profile called each action, for benchmarks and tests. */
import type { CallCounts } from './admin-protocol.js';
import { PROFILES, type Credentials } from './credentials.js';

export interface CallLedger {
  called(accessKey: string, action: string): void;
  throttled(accessKey: string, action: string): void;
  counts(): CallCounts;
}

type Table = Record<string, Record<string, number>>;

export const makeLedger = (credentials: Credentials): CallLedger => {
  const calls: Table = {};
  const throttled: Table = {};
  const add = (table: Table, accessKey: string, action: string): void => {
    const profile = PROFILES.find((name) => credentials[name].accessKeyId === accessKey) ?? 'unknown';
    const row = (table[profile] ??= {});
    row[action] = (row[action] ?? 0) + 1;
  };
  return {
    called: (accessKey, action) => {
      add(calls, accessKey, action);
    },
    throttled: (accessKey, action) => {
      add(throttled, accessKey, action);
    },
    counts: () => structuredClone({ calls, throttled }),
  };
};
