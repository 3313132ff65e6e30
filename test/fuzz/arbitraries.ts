/** Requests as careless and hostile clients send them: mostly nearly right, so that they get deep. */
import * as fc from 'fast-check';
import { body } from './bodies.js';
import { atDoors, coherent } from './coherent.js';

export interface FuzzRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | null;
}

const one = <A>(...values: readonly A[]): fc.Arbitrary<A> => fc.constantFrom(...values);

const GROUPS = [
  '/apis/scalarium.dev/v1',
  '/api/v1',
  '/apis/events.k8s.io/v1',
  '/apis/authorization.k8s.io/v1',
  '/apis/authentication.k8s.io/v1',
  '/apis/scalarium.dev/v2',
  '/apis',
  '/openapi/v3',
  '',
];
const PLURALS = [
  ...['clouds', 'clusters', 'roles', 'instances', 'users', 'grants', 'secrets', 'runs', 'events'],
  ...['lifecycleevents', 'namespaces', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  ...['selfsubjectreviews', 'login', 'audit', 'plan', 'pods'],
];
const SUBS = ['status', 'scale', 'consent', 'tokens', 'password', 'logs', 'nothing'];

/** Null but for one in six. */
const rarely = <A>(arbitrary: fc.Arbitrary<A>): fc.Arbitrary<A | null> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(null) }, { weight: 1, arbitrary });

const oddName = fc.oneof(
  {
    weight: 6,
    arbitrary: one('app', 'shop', 'default', 'admin', 'fuzz', 'app-1', 'local', 'scalarium-system'),
  },
  { weight: 1, arbitrary: fc.string({ maxLength: 300 }).map(encodeURIComponent) },
  {
    weight: 1,
    arbitrary: one(
      '..',
      '%2e%2e',
      '%2f',
      '%',
      '%zz',
      '%00',
      '',
      'A',
      'a'.repeat(300),
      '__proto__',
      'constructor',
    ),
  },
);

const resourcePath = fc
  .record({
    group: one(...GROUPS),
    namespace: fc.option(oddName),
    plural: fc.oneof({ weight: 9, arbitrary: one(...PLURALS) }, { weight: 1, arbitrary: oddName }),
    name: fc.option(oddName),
    sub: rarely(one(...SUBS)),
    more: rarely(oddName),
  })
  .map(({ group, namespace, plural, name, sub, more }) =>
    [
      group,
      ...(namespace === null ? [] : ['namespaces', namespace]),
      plural,
      ...(name === null ? [] : [name]),
      ...(sub === null || name === null ? [] : [sub]),
      ...(more === null ? [] : [more]),
    ].join('/'),
  );

const fixedPath = one(
  ...['/', '/api', '/apis', '/version', '/healthz', '/readyz', '/metrics', '/openapi/v2', '/openapi/v3'],
  ...[
    '/apis/scalarium.dev',
    '/apis/scalarium.dev/v1/',
    '//',
    '/..',
    '/apis/scalarium.dev/v1/plan',
    '/agent/v1/enrol',
  ],
  ...['/apis/scalarium.dev/v1/login', '/apis/scalarium.dev/v1/audit', '*', '/agent/v1/snapshots/x'],
);

const oddText = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 20 }));

const QUERY: Readonly<Record<string, fc.Arbitrary<string>>> = {
  watch: one('true', '1', 'false', ''),
  resourceVersion: fc.oneof(
    one('0', '', '1', '-1', '99999999999999999999', 'abc', '1e3'),
    fc.nat().map(String),
  ),
  resourceVersionMatch: one('Exact', 'NotOlderThan', 'x', ''),
  sendInitialEvents: one('true', 'false', 'x'),
  allowWatchBookmarks: one('true', 'x'),
  timeoutSeconds: one('0', '1', '-1', 'x', '999999999'),
  limit: one('0', '1', '2', '-1', 'x', '99999999999999'),
  continue: fc.oneof(oddText, one('eyJ2IjoxfQ==', 'bnVsbA==', '')),
  labelSelector: fc.oneof(
    oddText,
    one('a=b', 'a in (b,c)', 'a notin (b', '!a', ',', 'a==b,c!=d', 'in in (in)'),
  ),
  fieldSelector: fc.oneof(
    oddText,
    one('metadata.name=app', 'spec.role=app', 'status.phase!=online', 'x.y=z'),
  ),
  dryRun: one('All', 'all', '', 'None'),
  fieldValidation: one('Strict', 'Warn', 'Ignore', 'x'),
  fieldManager: fc.oneof(one('fuzz', '', 'a'.repeat(200)), oddText),
  force: one('true', 'false', 'x'),
  propagationPolicy: one('Foreground', 'Background', 'Orphan', 'x'),
  gracePeriodSeconds: one('0', '-1', 'x'),
  includeObject: one('None', 'Metadata', 'Object', 'x'),
  tail: one('1', '-1', 'x'),
  event: one('x', 'a'.repeat(300)),
  follow: one('false', 'x'),
  since: one('2026-01-01T00:00:00Z', 'x', ''),
};

const query = fc
  .uniqueArray(one(...Object.keys(QUERY)), { maxLength: 4 })
  .chain((names) =>
    fc.tuple(...names.map((name) => (QUERY[name] ?? one('')).map((value) => [name, value] as const))),
  )
  .map((pairs) =>
    pairs.length === 0
      ? ''
      : `?${new URLSearchParams(pairs.map(([k, v]): [string, string] => [k, v])).toString()}`,
  );

/** A watch is ended by the server, so that the client need not guess when it has seen enough. */
const ending = (target: string): string =>
  /[?&]watch=(true|1)/.test(target)
    ? `${target.replace(/([?&])timeoutSeconds=[^&]*/, '$1x=x')}&timeoutSeconds=1`
    : target;

const TYPES = [
  ...['application/json', 'application/yaml', 'application/merge-patch+json', 'application/json-patch+json'],
  ...['application/apply-patch+yaml', 'application/strategic-merge-patch+json', 'text/plain', 'x', ''],
  'application/vnd.kubernetes.protobuf',
];
const ACCEPTS = [
  ...[
    'application/json',
    '*/*',
    'application/json;as=Table;v=v1;g=meta.k8s.io',
    'application/yaml',
    'x',
    ',;,;=',
  ],
  'application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  'application/vnd.kubernetes.protobuf',
];

const headers = fc.record(
  {
    accept: one(...ACCEPTS),
    'accept-encoding': one('gzip', 'x', 'gzip;q=0'),
    'content-encoding': one('gzip', 'x'),
    'if-none-match': one('*', '"x"', 'x'),
    'user-agent': one('fuzz', '/', 'a'.repeat(500)),
  },
  { requiredKeys: [] },
);

interface Shape {
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: Buffer | null;
}

/** Anything anywhere. */
const careless: fc.Arbitrary<Shape> = fc.record({
  method: one('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'),
  path: fc.oneof({ weight: 3, arbitrary: resourcePath }, { weight: 1, arbitrary: fixedPath }),
  type: one(...TYPES),
  body,
});

/** `token` is sent with most requests, so that they come further than the door. */
export const requests = (token: string): fc.Arbitrary<FuzzRequest> =>
  fc
    .record({
      shape: fc.oneof(
        { weight: 4, arbitrary: coherent },
        { weight: 1, arbitrary: atDoors },
        { weight: 1, arbitrary: careless },
      ),
      query,
      headers,
      authorization: fc.oneof(
        { weight: 12, arbitrary: fc.constant(`Bearer ${token}`) },
        {
          weight: 1,
          arbitrary: one('', 'Bearer', 'Bearer x', 'Basic eDp5', 'Bearer a.b.c', `bearer ${token}x`),
        },
      ),
    })
    .map(({ shape, query: search, headers: sent, authorization }) => ({
      method: shape.method,
      target: ending(`${shape.path === '' ? '/' : shape.path}${search}`),
      headers: { ...sent, 'content-type': shape.type, ...(authorization === '' ? {} : { authorization }) },
      body: ['GET', 'HEAD', 'TRACE'].includes(shape.method) ? null : shape.body,
    }));

/** What is no HTTP at all, or hardly. */
export const garbage: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .uint8Array({ minLength: 1, maxLength: 300 })
    .map((bytes) => Buffer.concat([Buffer.from(bytes), Buffer.from('\r\n\r\n')])),
  one(
    'GET / HTTP/9.9\r\n\r\n',
    'GET\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\n${'a: b\r\n'.repeat(5000)}\r\n`,
    `GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    '\x16\x03\x01\x00\x05hello',
  ).map((text) => Buffer.from(text, 'latin1')),
);
