/** What an answer looks like: objects, their metadata alone, or a Table; as JSON or YAML. Pieces of text, not trees. */
import * as E from 'fp-ts/lib/Either.js';
import { stringify } from 'yaml';
import type { Status } from '../../api-types/status.js';
import type { Live } from '../../store/objects/objects.js';
import { type Clause, clausesOf, takes } from '../accept.js';
import { badRequest, notAcceptable } from '../statuses.js';
import { columnDefinitions, rowCells } from './tables.js';
import type { View } from '../views/view.js';

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** What a bookmark says: how far the watch has come. */
export interface BookmarkMeta {
  readonly resourceVersion: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Texts of one view in one shape. */
export interface Shape {
  /** The same texts have the same key. */
  readonly key: string;
  readonly type: 'application/json' | 'application/yaml';
  /** A list is its head, its items with this between them, and its foot. */
  readonly head: (meta: ListMeta) => string;
  readonly item: (live: Live, now: number) => string;
  readonly between: string;
  readonly foot: (items: number) => string;
  readonly single: (live: Live, now: number) => string;
  /** The object of a watch event; `first`: the first event of its watch. */
  readonly event: (live: Live, now: number, first: boolean) => string;
  readonly bookmark: (meta: BookmarkMeta, first: boolean) => string;
}

type Maker = (view: View) => Shape;

const opened = (head: object, list: string): string => `${JSON.stringify(head).slice(0, -1)},"${list}":[`;

/** Objects one by one are the same text wherever they are. */
const plain = (
  key: string,
  kind: { readonly apiVersion: string; readonly kind: string; readonly list: string },
  text: (live: Live) => string,
): Shape => {
  const { apiVersion } = kind;
  return {
    key,
    type: 'application/json',
    head: (metadata) => opened({ apiVersion, kind: kind.list, metadata }, 'items'),
    item: text,
    between: ',',
    foot: () => ']}',
    single: text,
    event: text,
    bookmark: (metadata) => JSON.stringify({ apiVersion, kind: kind.kind, metadata }),
  };
};

const objects: Maker = ({ groupVersion, kind, text }) =>
  plain('objects', { apiVersion: groupVersion, kind, list: `${kind}List` }, text);

/** Written once for each Live. */
const metadataText = (view: View, apiVersion: string): ((live: Live) => string) => {
  const texts = new WeakMap<Live, string>();
  return (live) => {
    const known = texts.get(live);
    if (known !== undefined) return known;
    const { metadata: meta } = view.object(live);
    const text = JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion, metadata: meta });
    texts.set(live, text);
    return text;
  };
};

const metadata =
  (version: string): Maker =>
  (view) => {
    const apiVersion = `meta.k8s.io/${version}`;
    const kind = { apiVersion, kind: 'PartialObjectMetadata', list: 'PartialObjectMetadataList' };
    return plain(`metadata ${version}`, kind, metadataText(view, apiVersion));
  };

/** What a row carries of its object beside the cells. */
type Included = 'None' | 'Metadata' | 'Object';

const INCLUDED: readonly Included[] = ['None', 'Metadata', 'Object'];

const objectOf = (view: View, version: string, included: Included): ((live: Live) => string) => {
  if (included === 'None') return () => 'null';
  return included === 'Object' ? view.text : metadataText(view, `meta.k8s.io/${version}`);
};

const table =
  (version: string, included: Included): Maker =>
  (view) => {
    const kind = { kind: 'Table', apiVersion: `meta.k8s.io/${version}` };
    const columns = columnDefinitions(view);
    const cells = rowCells(view);
    const object = objectOf(view, version, included);
    const head = (meta: object, withColumns: boolean): string =>
      opened({ ...kind, metadata: meta, columnDefinitions: withColumns ? columns : [] }, 'rows');
    const row = (live: Live, now: number): string => `{"cells":${cells(live, now)},"object":${object(live)}}`;
    const one = (live: Live, now: number, withColumns: boolean): string =>
      `${head({ resourceVersion: String(live.resourceVersion) }, withColumns)}${row(live, now)}]}`;
    return {
      key: `table ${version} ${included}`,
      type: 'application/json',
      head: (meta) => head(meta, true),
      item: row,
      between: ',',
      foot: () => ']}',
      single: (live, now) => one(live, now, true),
      event: one,
      // a Table has no annotations of its own: its only row carries them
      bookmark: (meta, first) => {
        const named = { kind: 'PartialObjectMetadata', apiVersion: kind.apiVersion, metadata: meta };
        const empty = JSON.stringify({ cells: columns.map(() => ''), object: named });
        return `${head({ resourceVersion: meta.resourceVersion }, first)}${empty}]}`;
      },
    };
  };

/** The same as YAML, which is written object by object: a list of thousands must not hold up the others. */
const yaml = (shape: Shape): Shape => {
  const text = (json: string, inList: boolean): string => {
    const value: unknown = JSON.parse(json);
    return stringify(inList ? [value] : value, { aliasDuplicateObjects: false });
  };
  return {
    ...shape,
    key: `yaml ${shape.key}`,
    type: 'application/yaml',
    head: (meta) => text(`${shape.head(meta)}]}`, false).replace(/items: \[\]\n$/, 'items:'),
    item: (live, now) => `\n${text(shape.item(live, now), true).trimEnd()}`,
    between: '',
    foot: (items) => (items === 0 ? ' []\n' : '\n'),
    single: (live, now) => text(shape.single(live, now), false),
  };
};

const VERSIONS = ['v1', 'v1beta1'];

/** Clients ask with the name of the list for single objects too. */
const listed = (as: string): string => as.replace(/List$/, '');

/** Null: not what is offered. */
const makerOf = ({ parameters }: Clause, included: Included): Maker | null => {
  const { as, g, v = 'v1' } = parameters;
  if (as === undefined) return objects;
  if (g !== 'meta.k8s.io' || !VERSIONS.includes(v)) return null;
  if (as === 'Table') return table(v, included);
  return listed(as) === 'PartialObjectMetadata' ? metadata(v) : null;
};

/** What is asked for: one object, a list, or a watch (which is JSON lines only). */
export type Wanting = 'one' | 'list' | 'watch';

interface Asking {
  readonly wanting: Wanting;
  readonly included: Included;
}

const choice = (clause: Clause, { wanting, included }: Asking): { key: string; make: Maker } | null => {
  const make = makerOf(clause, included);
  if (make === null) return null;
  if (takes(clause, 'application/json')) return { key: 'json', make };
  const asYaml =
    wanting !== 'watch' && takes(clause, 'application/yaml') && clause.parameters['as'] !== 'Table';
  return asYaml ? { key: 'yaml', make: (view) => yaml(make(view)) } : null;
};

const made = new WeakMap<View, Map<string, Shape>>();

/** One Shape for each view and key: what it has written once is kept with it. */
const shapeFor = (view: View, key: string, make: Maker): Shape => {
  const shapes = made.get(view) ?? new Map<string, Shape>();
  made.set(view, shapes);
  const shape = shapes.get(key) ?? make(view);
  shapes.set(key, shape);
  return shape;
};

const OFFERED =
  'application/json, application/yaml, application/json;as=Table;v=v1;g=meta.k8s.io, application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io';

const keyOf = ({ parameters: { as = '', v = 'v1' } }: Clause, { included }: Asking): string =>
  as === '' ? '' : `${listed(as)} ${v} ${as === 'Table' ? included : ''}`;

/** The shape that a request wants its answer in; 406 when it takes none that is offered. */
export const shapeOf = (
  view: View,
  wanting: Wanting,
  asked: { readonly accept: string | undefined; readonly query: URLSearchParams },
): E.Either<Status, Shape> => {
  const text = asked.query.get('includeObject') ?? '';
  const included = text === '' ? 'Metadata' : INCLUDED.find((one) => one === text);
  if (included === undefined)
    return E.left(badRequest(`includeObject: expected None, Metadata or Object, got "${text.slice(0, 80)}"`));
  const asking: Asking = { wanting, included };
  for (const clause of clausesOf(asked.accept)) {
    const found = choice(clause, asking);
    if (found !== null) return E.right(shapeFor(view, `${found.key} ${keyOf(clause, asking)}`, found.make));
  }
  return E.left(notAcceptable(wanting === 'watch' ? OFFERED.replace(' application/yaml,', '') : OFFERED));
};
