/** The API's own schema, as Kubernetes clients ask for it: `/openapi/v3` and `/openapi/v2`. */
import * as E from 'fp-ts/lib/Either.js';
import { clausesOf } from '../accept.js';
import { GROUP_VERSIONS, type GroupVersion } from '../discovery/resources.js';
import { type FixedDocument, documentReply, fixedDocument } from '../document.js';
import type { Asked, Door } from '../door.js';
import { openapi2, openapi2Json } from './v2.js';
import { openapi3 } from './v3.js';

/** Made when first asked for, and once: what is served changes only with the program. */
const once = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | null = null;
  return () => (made ??= { value: make() }).value;
};

const V3 = '/openapi/v3';

/** A year: the address names the contents. */
const FOR_EVER = 'private, max-age=31536000, immutable';

const documents3: ReadonlyMap<string, () => FixedDocument> = new Map(
  GROUP_VERSIONS.map((one: GroupVersion) => [one.path, once(() => fixedDocument(openapi3(one)))]),
);

const index3 = once(() =>
  fixedDocument({
    paths: Object.fromEntries(
      [...documents3].map(([path, document]) => [
        path.slice(1),
        { serverRelativeURL: `${V3}${path}?hash=${document().hash}` },
      ]),
    ),
  }),
);

const answer3 = (asked: Asked, document: FixedDocument) => {
  const current = asked.query.get('hash') === document.hash;
  return documentReply(asked, document, current ? { 'Cache-Control': FOR_EVER } : {});
};

/** Go's parsers of media types do not take the `@` of the name that clients ask with. */
const PROTOBUF = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';
const isProtobuf = (media: string): boolean => media.replace('@', '.') === PROTOBUF;

const both2 = once(async () => {
  const document = openapi2();
  // loaded with the first one who asks: most never do
  const { gnosticBytes } = await import('./gnostic.js');
  return {
    json: fixedDocument(openapi2Json(document)),
    protobuf: fixedDocument(gnosticBytes(document), PROTOBUF),
  };
});

const wantsProtobuf = (asked: Asked): boolean => {
  const wanted = clausesOf(asked.request.headers.accept).find(
    ({ media }) => isProtobuf(media) || media === 'application/json' || media === '*/*',
  );
  return wanted !== undefined && isProtobuf(wanted.media);
};

export const openapiDoors: readonly Door[] = [
  { method: 'GET', path: V3, answer: (_context, asked) => E.right(documentReply(asked, index3())) },
  ...[...documents3].map(([path, document]): Door => ({
    method: 'GET',
    path: `${V3}${path}`,
    answer: (_context, asked) => E.right(answer3(asked, document())),
  })),
  {
    method: 'GET',
    path: '/openapi/v2',
    answer: async (_context, asked) => {
      const both = await both2();
      return E.right(documentReply(asked, wantsProtobuf(asked) ? both.protobuf : both.json));
    },
  },
];
