/** What the API offers, as Kubernetes clients ask for it; and which version this is. */
import * as E from 'fp-ts/lib/Either.js';
import { clausesOf, takes } from '../accept.js';
import { type FixedDocument, documentReply, fixedDocument } from '../document.js';
import type { Asked, Door } from '../door.js';
import { type AggregatedVersion, aggregated, aggregatedType, aggregatedVersion } from './aggregated.js';
import { coreVersions, documentsBelow, groupList } from './plain.js';
import { versionDocument } from './version.js';

/** A root of the API in its forms; clients that take the aggregated one must be given it on both roots. */
interface Root {
  readonly plain: FixedDocument;
  readonly aggregated: Readonly<Record<AggregatedVersion, FixedDocument>>;
}

const inOneDocument = (version: AggregatedVersion, core: boolean): FixedDocument =>
  fixedDocument(aggregated(version, core), aggregatedType(version));

const rootOf = (plain: object, core: boolean): Root => ({
  plain: fixedDocument(plain),
  aggregated: { v2: inOneDocument('v2', core), v2beta1: inOneDocument('v2beta1', core) },
});

/** The most wanted form that there is. */
const formOf = (root: Root, asked: Asked): FixedDocument => {
  for (const clause of clausesOf(asked.request.headers.accept)) {
    const version = aggregatedVersion(clause);
    if (version !== null) return root.aggregated[version];
    if (clause.parameters['as'] === undefined && takes(clause, 'application/json')) return root.plain;
  }
  return root.plain;
};

const rootDoor = (path: string, root: Root): Door => ({
  method: 'GET',
  path,
  answer: (_context, asked) => E.right(documentReply(asked, formOf(root, asked))),
});

const documentDoor = ([path, body]: readonly [string, object]): Door => {
  const document = fixedDocument(body);
  return { method: 'GET', path, answer: (_context, asked) => E.right(documentReply(asked, document)) };
};

export const discoveryDoors: readonly Door[] = [
  rootDoor('/api', rootOf(coreVersions(), true)),
  rootDoor('/apis', rootOf(groupList(), false)),
  ...Object.entries(documentsBelow()).map(documentDoor),
  {
    method: 'GET',
    path: '/version',
    answer: ({ version }) => E.right({ code: 200, body: versionDocument(version) }),
  },
];
