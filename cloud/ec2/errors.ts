/** One table from EC2's error codes (and the network's) to what the loop must do about them. */
import { seconds, type Millis } from '../../api-types/units.js';
import { stalled, transient, type Failure } from '../../runtime/failure.js';

type Sort = (message: string, cause: unknown) => Failure;

const retry =
  (reason: string): Sort =>
  (message, cause) =>
    transient(reason, message, { cause });

const person =
  (reason: string): Sort =>
  (message, cause) =>
    stalled(reason, message, cause);

const throttled: Sort = (message, cause) =>
  transient('Throttled', message, { cause, retryAfter: retryAfterOf(cause) ?? seconds(1) });

const unavailable = retry('CloudUnavailable');
const noCapacity = retry('NoCapacity');
const notFoundYet = retry('NotFoundYet');
const incorrectState = retry('IncorrectState');
const badCredentials = person('BadCredentials');
const badParameter = person('BadParameter');
const quotaExceeded = person('QuotaExceeded');

const all = (sort: Sort, codes: string): readonly (readonly [string, Sort])[] =>
  codes
    .trim()
    .split(/\s+/)
    .map((code) => [code, sort] as const);

/** By exact code. Source: EC2 API reference, "Error codes for the Amazon EC2 API". */
const BY_CODE: ReadonlyMap<string, Sort> = new Map([
  ...all(
    throttled,
    `RequestLimitExceeded Throttling ThrottlingException RequestThrottled RequestThrottledException
     EC2ThrottledException SlowDown TooManyRequestsException BandwidthLimitExceeded PriorRequestNotComplete`,
  ),
  ...all(
    noCapacity,
    `InsufficientInstanceCapacity InsufficientHostCapacity InsufficientReservedInstanceCapacity
     InsufficientCapacity InsufficientCapacityOnHost InsufficientFreeAddressesInSubnet InsufficientVolumeCapacity
     InsufficientAddressCapacity Unsupported SpotMaxPriceTooLow`,
  ),
  ...all(
    badCredentials,
    `AuthFailure AuthFailure.ServiceLinkedRoleCreationNotPermitted InvalidClientTokenId SignatureDoesNotMatch
     UnauthorizedOperation AccessDenied AccessDeniedException MissingAuthenticationToken IncompleteSignature
     InvalidAccessKeyId UnrecognizedClientException OptInRequired ExpiredToken ExpiredTokenException RequestExpired
     Blocked PendingVerification NotAuthorized CredentialsProviderError Client.AuthFailure`,
  ),
  ...all(
    quotaExceeded,
    `InstanceLimitExceeded VcpuLimitExceeded MaxSpotInstanceCountExceeded VolumeLimitExceeded
     AddressLimitExceeded NetworkInterfaceLimitExceeded TagLimitExceeded ResourceCountExceeded
     ResourceLimitExceeded MaxIOPSLimitExceeded QuotaExceeded`,
  ),
  ...all(person('TokenMismatch'), 'IdempotentParameterMismatch IdempotentInstanceTerminated'),
  ...all(notFoundYet, 'InvalidInstanceID.NotFound InvalidInstanceId.NotFound InvalidID'),
  ...all(incorrectState, 'IncorrectInstanceState IncorrectState InvalidState'),
  ...all(
    unavailable,
    `InternalError InternalFailure InternalServerError Unavailable ServiceUnavailable ServerInternal
     RequestTimeout RequestTimeoutException ConcurrentTagAccess`,
  ),
  ...all(badParameter, 'OperationNotPermitted UnsupportedOperation InvalidAction DryRunOperation'),
]);

const NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
  'UND_ERR_SOCKET',
  'TimeoutError',
  'AbortError',
  'RequestTimeout',
]);

/** The request never reached the endpoint, or was refused: it had no effect. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);

interface Thrown {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: {
    readonly statusCode?: number;
    readonly headers?: Readonly<Record<string, string>>;
  };
}

const thrown = (error: unknown): Thrown => (typeof error === 'object' && error !== null ? error : {});

const retryAfterOf = (error: unknown): Millis | null => {
  const after = Number(thrown(error).$response?.headers?.['retry-after']);
  return Number.isFinite(after) && after > 0 ? seconds(after) : null;
};

/** `InsufficientInstanceCapacity`, `ECONNREFUSED`, …: what names the error. */
export const codeOf = (error: unknown): string => {
  const { name, code } = thrown(error);
  if (typeof code === 'string' && NETWORK.has(code)) return code;
  return typeof name === 'string' ? name : 'Error';
};

/** HTTP status of the endpoint's answer; null when there was no answer. */
export const statusOf = (error: unknown): number | null => {
  const { $metadata, $response } = thrown(error);
  return $metadata?.httpStatusCode ?? $response?.statusCode ?? null;
};

/** Whether the endpoint may have done what was asked although the answer is an error or none came. */
export const mayHaveHappened = (error: unknown): boolean => {
  const status = statusOf(error);
  if (status !== null && status < 500) return status < 400;
  const code = codeOf(error);
  if (NEVER_SENT.has(code)) return false;
  const sorted = BY_CODE.get(code);
  return sorted === undefined || sorted === unavailable;
};

const byStatus = (status: number): Sort => {
  if (status === 429) return throttled;
  if (status === 401 || status === 403) return badCredentials;
  return status >= 500 || status < 400 ? unavailable : badParameter;
};

const sortOf = (error: unknown): Sort | null => {
  const code = codeOf(error);
  const known = BY_CODE.get(code);
  if (known !== undefined) return known;
  if (NETWORK.has(code)) return unavailable;
  const status = statusOf(error);
  return status === null ? null : byStatus(status);
};

const unanswered = (code: string, said: string): string => {
  if (code === 'AbortError' || code === 'TimeoutError') return 'did not answer in time';
  if (code === 'CredentialsProviderError') return `cannot be called, there are no credentials: ${said}`;
  return `cannot be reached: ${said.includes(code) ? said : `${code}: ${said}`}`;
};

const textOf = (error: unknown, endpoint: string): string => {
  const { message } = thrown(error);
  // the SDK appends hints for its own users on further lines
  const [line = ''] = typeof message === 'string' ? message.split('\n') : [];
  const said = line === '' ? codeOf(error) : line;
  return statusOf(error) === null
    ? `${endpoint} ${unanswered(codeOf(error), said)}`
    : `${endpoint} answered ${codeOf(error)}: ${said}`;
};

/** The failure an error of the SDK means; null when it is no such error but a defect of ours. */
export const failureOf = (error: unknown, endpoint: string): Failure | null => {
  const sort = sortOf(error);
  return sort === null ? null : sort(textOf(error, endpoint), error);
};
