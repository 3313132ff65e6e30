/** The spec of a review: as JSON, or in the protobuf that kubectl from 1.32 on sends for kinds it knows. */
import * as E from 'fp-ts/lib/Either.js';
import type { IncomingMessage } from 'node:http';
import protobuf from 'protobufjs/light.js';
import type { Status } from '../../api-types/status.js';
import { bodyBytes, bodyDocument } from '../body.js';
import { badRequest } from '../statuses.js';

const PROTOBUF = 'application/vnd.kubernetes.protobuf';
/** Before the envelope in every protobuf body of Kubernetes. */
const MAGIC = Buffer.from('k8s\0');

const message = (
  name: string,
  fields: Readonly<Record<string, readonly [number, string]>>,
): protobuf.Type => {
  const type = new protobuf.Type(name);
  for (const [field, [number, kind]] of Object.entries(fields))
    type.add(new protobuf.Field(field, number, kind));
  return type;
};

/** Field numbers of k8s.io/api authorization/v1 and apimachinery's Unknown; fields that decide nothing are left out. */
const MESSAGES = new protobuf.Root()
  .add(message('Unknown', { raw: [2, 'bytes'] }))
  .add(message('Review', { spec: [2, 'Spec'] }))
  .add(message('RulesReview', { spec: [2, 'RulesSpec'] }))
  .add(message('RulesSpec', { namespace: [1, 'string'] }))
  .add(
    message('Spec', {
      resourceAttributes: [1, 'ResourceAttributes'],
      nonResourceAttributes: [2, 'NonResourceAttributes'],
    }),
  )
  .add(
    message('ResourceAttributes', {
      namespace: [1, 'string'],
      verb: [2, 'string'],
      group: [3, 'string'],
      version: [4, 'string'],
      resource: [5, 'string'],
      subresource: [6, 'string'],
      name: [7, 'string'],
    }),
  )
  .add(message('NonResourceAttributes', { path: [1, 'string'], verb: [2, 'string'] }));

const decoded = (type: string, bytes: Uint8Array): Readonly<Record<string, unknown>> => {
  const found = MESSAGES.lookupType(type);
  return found.toObject(found.decode(bytes), { arrays: false, objects: false, defaults: false });
};

const isRules = ({ url }: IncomingMessage): boolean => (url ?? '').includes('selfsubjectrulesreviews');

const fromProtobuf = (request: IncomingMessage, bytes: Buffer): E.Either<Status, unknown> => {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC))
    return E.left(
      badRequest('the body is not protobuf as Kubernetes wraps it: it does not begin with "k8s"'),
    );
  try {
    const { raw } = decoded('Unknown', bytes.subarray(MAGIC.length));
    const { spec } = decoded(isRules(request) ? 'RulesReview' : 'Review', raw as Uint8Array);
    return E.right(spec ?? {});
  } catch {
    return E.left(badRequest('the body is not protobuf of a review'));
  }
};

const specOf = (document: unknown): unknown =>
  typeof document === 'object' && document !== null
    ? ((document as { spec?: unknown }).spec ?? {})
    : document;

/** What the review asks; not yet looked at but for its encoding. */
export const reviewSpec = async (request: IncomingMessage): Promise<E.Either<Status, unknown>> => {
  if (request.headers['content-type'] !== PROTOBUF)
    return E.map(({ document }: { readonly document: unknown }) => specOf(document))(
      await bodyDocument(request),
    );
  const bytes = await bodyBytes(request);
  return E.isLeft(bytes) ? bytes : fromProtobuf(request, bytes.right);
};
