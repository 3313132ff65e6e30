/** The audit log's port: who did what on which object, from where, allowed or not. Secrets never reach it. */

/** One line. */
export interface AuditEntry {
  /** RFC 3339. */
  readonly time: string;
  readonly user: string;
  /** How the caller showed who they are: `installation`, `token:<name>`, `oidc`, `agent:<machine>`, `password`, `none`. */
  readonly proof: string;
  readonly address: string;
  readonly userAgent: string;
  readonly verb: string;
  /** Kind, cluster, name and subresource, or (for what is no resource) the path. */
  readonly kind: string | null;
  readonly cluster: string | null;
  readonly name: string | null;
  readonly subresource: string | null;
  readonly path: string;
  readonly allowed: boolean;
  /** Why it was allowed or not. */
  readonly reason: string;
  /** HTTP status of the answer. */
  readonly code: number;
  readonly dryRun: boolean;
  /** The object before and after, without status and managed fields, secret values masked; null: none, or unchanged. */
  readonly before: unknown;
  readonly after: unknown;
}

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
  /** Never throws and never waits; what can not be written is counted and logged. */
  write(entry: AuditEntry): void;
  /** Newest last; what was written before is among them. */
  read(query: AuditQuery): Promise<readonly AuditEntry[]>;
}

/** For tests and embedded uses. */
export const noAudit: Audit = { write: () => undefined, read: () => Promise.resolve([]) };
