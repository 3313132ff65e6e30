/** Requests that fit together: the right media type and kind for the path, with fields that may be wrong. */
import * as fc from 'fast-check';
import { METADATA, SPEC, body, jsonPatch } from './bodies.js';

const one = <A>(...values: readonly A[]): fc.Arbitrary<A> => fc.constantFrom(...values);

const ROOT = '/apis/scalarium.dev/v1';

interface Place {
  readonly kind: string;
  readonly path: string;
  /** What a valid spec of the kind has. */
  readonly spec: object;
}

const inShop = (kind: string, plural: string, spec: object): Place => ({
  kind,
  path: `${ROOT}/namespaces/shop/${plural}`,
  spec,
});

const PLACES: readonly Place[] = [
  { kind: 'Cloud', path: `${ROOT}/clouds`, spec: { provider: 'local' } },
  { kind: 'Cluster', path: `${ROOT}/clusters`, spec: { cloud: 'local' } },
  { kind: 'User', path: `${ROOT}/users`, spec: {} },
  inShop('Role', 'roles', { type: 'custom', replicas: 0 }),
  inShop('Role', 'roles', { type: 'memcached', replicas: 0 }),
  inShop('Instance', 'instances', { role: 'app' }),
  inShop('Grant', 'grants', { user: 'ana', level: 'show' }),
  inShop('Secret', 'secrets', { data: { key: 'value' } }),
  inShop('Run', 'runs', { event: 'setup', roles: ['app'] }),
  { kind: 'Namespace', path: '/api/v1/namespaces', spec: {} },
  { kind: 'Event', path: '/api/v1/namespaces/shop/events', spec: {} },
];

const NAMES = ['app', 'fuzz', 'web', 'shop', 'admin'];

const METHODS = {
  list: ['GET', ''],
  get: ['GET', ''],
  create: ['POST', 'application/json'],
  replace: ['PUT', 'application/json'],
  merge: ['PATCH', 'application/merge-patch+json'],
  jsonPatch: ['PATCH', 'application/json-patch+json'],
  apply: ['PATCH', 'application/apply-patch+yaml'],
  delete: ['DELETE', 'application/json'],
  deleteAll: ['DELETE', 'application/json'],
} as const;
type Operation = keyof typeof METHODS;

const OPERATIONS: readonly Operation[] = [
  ...(['list', 'get', 'create', 'create', 'replace', 'merge', 'merge'] as const),
  ...(['jsonPatch', 'apply', 'apply', 'delete', 'deleteAll'] as const),
];

const ON_COLLECTION: readonly Operation[] = ['list', 'create', 'deleteAll'];

const SUBS = [
  ...['', '', '', '', '', '', '', ''],
  ...['/scale', '/status', '/tokens', '/tokens/ci', '/password', '/logs', '/consent'],
];

/** A document of the place's kind, whole or with a field that may be wrong. */
const documentOf = ({ kind, path, spec }: Place, name: string): fc.Arbitrary<Buffer> =>
  fc
    .record({ metadata: METADATA, more: SPEC, wrong: fc.nat({ max: 3 }) })
    .map(({ metadata, more, wrong }) => {
      const namespace = path.includes('/namespaces/shop/') ? { namespace: 'shop' } : {};
      const document = {
        apiVersion: 'scalarium.dev/v1',
        kind,
        metadata: { name, ...namespace, ...(wrong === 1 ? metadata : {}) },
        spec: { ...spec, ...(wrong === 2 ? more : {}) },
      };
      return Buffer.from(JSON.stringify(document));
    });

const bodyFor = (operation: Operation, place: Place, name: string): fc.Arbitrary<Buffer | null> => {
  if (operation === 'jsonPatch') return jsonPatch.map((patch) => Buffer.from(JSON.stringify(patch)));
  if (operation === 'delete' || operation === 'deleteAll') return fc.oneof(fc.constant(null), body);
  return fc.oneof({ weight: 9, arbitrary: documentOf(place, name) }, { weight: 1, arbitrary: body });
};

/** Doors: their own methods and bodies. */
const DOORS: readonly (readonly [method: string, path: string])[] = [
  ['GET', `${ROOT}/login`],
  ['POST', `${ROOT}/login`],
  ['POST', `${ROOT}/users/fuzz/tokens`],
  ['GET', `${ROOT}/users/fuzz/tokens`],
  ['DELETE', `${ROOT}/users/fuzz/tokens/ci`],
  ['PUT', `${ROOT}/users/fuzz/password`],
  ['POST', `${ROOT}/plan`],
  ['GET', `${ROOT}/audit`],
  ['GET', '/metrics'],
  ['GET', '/openapi/v2'],
  ['GET', '/openapi/v3/apis/scalarium.dev/v1'],
  ['GET', '/apis'],
  ['GET', `${ROOT}/namespaces/shop/instances/app-1/logs`],
  ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
  ['POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'],
  ['POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews'],
];

const BODY_TYPES = [
  'application/json',
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
];

export const atDoors = fc
  .record({ door: one(...DOORS), sent: body, type: one(...BODY_TYPES) })
  .map(({ door: [method, path], sent, type }) => ({ method, path, type, body: sent }));

export const coherent = fc
  .record({ place: one(...PLACES), name: one(...NAMES), operation: one(...OPERATIONS), sub: one(...SUBS) })
  .chain(({ place, name, operation, sub }) => {
    const [method, type] = METHODS[operation];
    const path = ON_COLLECTION.includes(operation) ? place.path : `${place.path}/${name}${sub}`;
    return bodyFor(operation, place, name).map((sent) => ({ method, path, type, body: sent }));
  });
