/** A line of the audit log: who did what on which object, from where, allowed or not. */

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
