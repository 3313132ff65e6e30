import { codeOf, failureOf, mayHaveHappened } from '../../../../cloud/ec2/errors.js';
import { assert, suite } from '../../../suite.js';

/** As the SDK throws it. */
const answered = (code: string, status: number, headers: Record<string, string> = {}): Error =>
  Object.assign(new Error(`about ${code}`), {
    name: code,
    $metadata: { httpStatusCode: status },
    $response: { statusCode: status, headers },
  });

const lost = (code: string): Error =>
  Object.assign(new Error(`connect ${code}`), { code, $metadata: { attempts: 1 } });

const aborted = Object.assign(new Error('Request aborted'), { name: 'AbortError' });

const rows = [
  { error: answered('RequestLimitExceeded', 503), sorts: 'Transient Throttled', happened: false },
  { error: answered('InsufficientInstanceCapacity', 500), sorts: 'Transient NoCapacity', happened: false },
  { error: answered('Unsupported', 400), sorts: 'Transient NoCapacity', happened: false },
  { error: answered('AuthFailure', 401), sorts: 'Stalled BadCredentials', happened: false },
  { error: answered('UnauthorizedOperation', 403), sorts: 'Stalled BadCredentials', happened: false },
  { error: answered('VcpuLimitExceeded', 400), sorts: 'Stalled QuotaExceeded', happened: false },
  { error: answered('IdempotentParameterMismatch', 400), sorts: 'Stalled TokenMismatch', happened: false },
  { error: answered('InvalidInstanceID.NotFound', 400), sorts: 'Transient NotFoundYet', happened: false },
  { error: answered('IncorrectInstanceState', 400), sorts: 'Transient IncorrectState', happened: false },
  { error: answered('OperationNotPermitted', 400), sorts: 'Stalled BadParameter', happened: false },
  { error: answered('InvalidAMIID.NotFound', 400), sorts: 'Stalled BadParameter', happened: false },
  { error: answered('NobodyKnowsThisCode', 400), sorts: 'Stalled BadParameter', happened: false },
  { error: answered('NobodyKnowsThisCode', 403), sorts: 'Stalled BadCredentials', happened: false },
  { error: answered('NobodyKnowsThisCode', 429), sorts: 'Transient Throttled', happened: false },
  { error: answered('InternalError', 500), sorts: 'Transient CloudUnavailable', happened: true },
  { error: answered('NobodyKnowsThisCode', 502), sorts: 'Transient CloudUnavailable', happened: true },
  { error: answered('Error', 200), sorts: 'Transient CloudUnavailable', happened: true },
  { error: lost('ECONNREFUSED'), sorts: 'Transient CloudUnavailable', happened: false },
  { error: lost('ENOTFOUND'), sorts: 'Transient CloudUnavailable', happened: false },
  { error: lost('ECONNRESET'), sorts: 'Transient CloudUnavailable', happened: true },
  { error: aborted, sorts: 'Transient CloudUnavailable', happened: true },
];

const test = suite('errors of EC2');

for (const { error, sorts, happened } of rows)
  test(`${codeOf(error)} ${String((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode ?? '')}: ${sorts}`, () => {
    const failure = failureOf(error, 'http://x');
    assert.is(`${failure?._tag ?? ''} ${failure?.reason ?? ''}`, sorts);
    assert.is(mayHaveHappened(error), happened);
    assert.is(failure !== null && 'cause' in failure ? failure.cause : null, error);
    assert.match(failure?.message ?? '', 'http://x');
  });

test('a throttle says how long when the endpoint did', () => {
  const failure = failureOf(answered('RequestLimitExceeded', 503, { 'retry-after': '4' }), 'x');
  assert.is(failure?._tag === 'Transient' ? failure.retryAfter : null, 4000);
});

test('a defect of ours is no failure', () => {
  assert.is(failureOf(new TypeError('x is not a function'), 'x'), null);
  assert.is(failureOf('a string', 'x'), null);
});

test('no credentials at all: a person must act, nothing was sent', () => {
  const error = Object.assign(new Error('Could not load credentials'), { name: 'CredentialsProviderError' });
  assert.is(failureOf(error, 'x')?.reason, 'BadCredentials');
  assert.is(mayHaveHappened(error), false);
});
