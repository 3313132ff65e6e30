/** Errors as EC2 answers them, as plain data. */
import type { Either } from 'fp-ts/lib/Either.js';

export interface ApiError {
  readonly _tag: 'ApiError';
  readonly code: string;
  readonly message: string;
  /** HTTP status. */
  readonly status: number;
}

export type Result<A> = Either<ApiError, A>;

export const apiError = (code: string, message: string, status = 400): ApiError => ({
  _tag: 'ApiError',
  code,
  message,
  status,
});

export const missingParameter = (name: string): ApiError =>
  apiError('MissingParameter', `The request must contain the parameter ${name}`);

export const invalidValue = (message: string): ApiError => apiError('InvalidParameterValue', message);

export const requestLimitExceeded: ApiError = apiError(
  'RequestLimitExceeded',
  'Request limit exceeded.',
  503,
);

export const internalError: ApiError = apiError('InternalError', 'An internal error has occurred', 500);
