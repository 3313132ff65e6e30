/** Builders of what healing sees of a host, for tables. */
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import type { HostSigns } from '../../../../controllers/healing/signs.js';
import { timestamp } from '../../../../runtime/clock.js';
import { machine, readyInstance } from '../../../build/objects.js';

/** Noon, in milliseconds since 1970. */
export const NOW = Date.UTC(2026, 0, 1, 12);

/** RFC 3339 of so many seconds before noon. */
export const ago = (seconds: number): string => timestamp(NOW - seconds * 1000);

export interface HostRow extends Partial<Omit<HostSigns, 'instance' | 'machine' | 'silentFor'>> {
  readonly name?: string;
  readonly silentSeconds?: number | null;
  readonly zone?: string;
  readonly desired?: 'Running' | 'Stopped' | 'Maintenance';
  readonly status?: Partial<InstanceStatus>;
  readonly launchedAt?: string;
  readonly frozen?: boolean;
  readonly deleting?: boolean;
}

const WELL = {
  name: 'app-1',
  silentSeconds: 3,
  zone: 'a',
  desired: 'Running',
  status: {},
  launchedAt: ago(7200),
  frozen: false,
  deleting: false,
  enrolled: true,
  cloud: 'running',
  impaired: false,
} as const satisfies HostRow;

/** A host that is well but for what the row says. */
export const hostOf = (given: HostRow): HostSigns => {
  const row = { ...WELL, ...given };
  const bound = machine(`i-${row.name}`, { zone: row.zone, launchedAt: row.launchedAt });
  const instance = readyInstance(row.name, {
    spec: { desired: row.desired },
    status: { machine: bound, ...row.status },
    frozen: row.frozen ? { revision: 1, problems: [] } : null,
    deletion: row.deleting ? { at: ago(1), revision: 1 } : null,
  });
  return {
    instance,
    machine: instance.status.machine ?? null,
    enrolled: row.enrolled,
    silentFor: row.silentSeconds === null ? null : row.silentSeconds * 1000,
    cloud: row.cloud,
    impaired: row.impaired,
    restarting: false,
  };
};
