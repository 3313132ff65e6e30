/** The audit log's port: who did what on which object, from where, allowed or not. Secrets never reach it. */
import type { AuditEntry } from '../../api-types/audit.js';

export type { AuditEntry };

/** Which lines are wanted. */
export interface AuditQuery {
  /** Milliseconds since 1970; null: from the first one kept. */
  readonly since: number | null;
  /** What these fields are to be. */
  readonly is: Readonly<Partial<Record<'user' | 'cluster' | 'kind' | 'verb', string>>>;
  /** At most so many: the newest. */
  readonly limit: number;
}

export interface Audit {
  /** Never throws and never waits; what cannot be written is counted and logged. */
  write(entry: AuditEntry): void;
  /** Newest last; what was written before is among them. */
  read(query: AuditQuery): Promise<readonly AuditEntry[]>;
}

/** For tests and embedded uses. */
export const noAudit: Audit = { write: () => undefined, read: () => Promise.resolve([]) };
