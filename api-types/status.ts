/** The API's answer when something did not work out: a Kubernetes Status. */

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

export interface Status {
  readonly apiVersion: 'v1';
  readonly kind: 'Status';
  /** `continue`: goes on with a list whose token had expired, as the objects are now. */
  readonly metadata: { readonly continue?: string };
  readonly status: 'Success' | 'Failure';
  readonly code: number;
  /** `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, `Unauthorized`, `Expired`, … */
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly uid?: string;
    readonly causes?: readonly StatusCause[];
    readonly retryAfterSeconds?: number;
  };
}

export const failureStatus = (
  code: number,
  reason: string,
  message: string,
  details?: Status['details'],
): Status => ({
  apiVersion: 'v1',
  kind: 'Status',
  metadata: {},
  status: 'Failure',
  code,
  reason,
  message,
  ...(details === undefined ? {} : { details }),
});
