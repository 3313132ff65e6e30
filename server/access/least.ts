/** The table of rights: what each verb on each kind needs at least. */
import type { Level } from '../../api-types/kinds/grant.js';
import type { Attributes } from './access.js';

/** How much of a cluster a grant must cover to count. */
export type Reach =
  /** Any of it: a narrowed grant counts. */
  | 'any'
  /** The roles that the object is about. */
  | 'roles'
  /** All of it: no narrowed grant counts, and whoever is denied a part has nothing of this kind. */
  | 'whole';

export type Need =
  | {
      readonly need: 'level';
      readonly level: Exclude<Level, 'deny'>;
      readonly reach: Reach;
      /** Or that it is the asker's own grant. */
      readonly orOwn?: boolean;
    }
  /** `show` in some cluster; their own User; a token of any kind; an admin. */
  | { readonly need: 'anywhere' | 'self' | 'anyone' | 'admin' };

interface Row {
  readonly get: Need;
  readonly list: Need;
  readonly create: Need;
  readonly update: Need;
  readonly delete: Need;
  /** A Secret's values. */
  readonly reveal?: Need;
  /** A change of more than what `update` is open for. */
  readonly edit?: Need;
}

const ADMIN: Need = { need: 'admin' };
const ANYONE: Need = { need: 'anyone' };
const ANYWHERE: Need = { need: 'anywhere' };
const SELF: Need = { need: 'self' };

const level = (least: Exclude<Level, 'deny'>, reach: Reach): Need => ({ need: 'level', level: least, reach });

const allOf = (need: Need): Pick<Row, 'create' | 'update' | 'delete'> => ({
  create: need,
  update: need,
  delete: need,
});

const seen = (reach: Reach): Pick<Row, 'get' | 'list'> => ({
  get: level('show', reach),
  list: level('show', 'any'),
});

const HOSTED: Row = { ...seen('roles'), ...allOf(level('manage', 'roles')) };

// lists of clusters are for everybody, and hold what they may see
const CLUSTER: Row = {
  get: level('show', 'any'),
  list: ANYONE,
  ...allOf(level('manage', 'whole')),
  create: ADMIN,
};

const ROWS: Readonly<Record<string, Row>> = {
  Cloud: { get: ANYWHERE, list: ANYWHERE, ...allOf(ADMIN) },
  Cluster: CLUSTER,
  Namespace: CLUSTER,
  Role: HOSTED,
  Instance: HOSTED,
  LifecycleEvent: HOSTED,
  Event: HOSTED,
  Run: { ...HOSTED, create: level('deploy', 'roles') },
  // whoever may deploy may lock, which is an annotation; the rest of it is for those who may edit it
  Application: { ...HOSTED, update: level('deploy', 'roles'), edit: level('manage', 'roles') },
  // promoting and aborting are annotations
  Deployment: {
    ...HOSTED,
    create: level('deploy', 'roles'),
    update: level('deploy', 'roles'),
  },
  Secret: {
    get: level('deploy', 'whole'),
    list: level('deploy', 'whole'),
    ...allOf(level('deploy', 'whole')),
    delete: level('manage', 'whole'),
    reveal: level('manage', 'whole'),
  },
  Grant: {
    get: { need: 'level', level: 'manage', reach: 'whole', orOwn: true },
    list: level('show', 'any'),
    ...allOf(level('manage', 'whole')),
  },
  User: { get: SELF, list: ANYONE, ...allOf(ADMIN), update: SELF },
};

const COLUMNS: Readonly<Record<string, keyof Row>> = {
  get: 'get',
  head: 'get',
  list: 'list',
  watch: 'list',
  create: 'create',
  update: 'update',
  patch: 'update',
  delete: 'delete',
  deletecollection: 'delete',
  reveal: 'reveal',
  edit: 'edit',
};

/** What changes something below an object changes the object. */
const belowObject = (verb: string): keyof Row => {
  if (verb === 'reveal') return 'reveal';
  return ['get', 'head', 'list', 'watch'].includes(verb) ? 'get' : 'update';
};

/** What `verb` on a kind (or on `sub`, below its objects) needs; what the table does not know is for admins. */
export const needOf = (kind: string, verb: string, sub: string | null = null): Need => {
  const row = ROWS[kind];
  const column = sub === null ? COLUMNS[verb] : belowObject(verb);
  return (column === undefined ? undefined : row?.[column]) ?? ADMIN;
};

/** Paths that are no resource, for admins only; every other one is for whoever shows a token. */
const ADMIN_PATHS = /^\/metrics$|^\/audit$|\/audit$/;

/** What a path that is no resource takes. */
export const needOfPath = ({ path }: Pick<Attributes, 'path'>): Need =>
  ADMIN_PATHS.test(path) ? ADMIN : ANYONE;
