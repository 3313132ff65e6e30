/** What requests take in their path and query. */

export interface Parameter {
  readonly name: string;
  readonly type: 'string' | 'boolean' | 'integer';
  readonly description: string;
}

const text = (name: string, description: string): Parameter => ({ name, type: 'string', description });

export const IN_CLUSTER = text('namespace', 'The Cluster.');
export const OF_NAME = text('name', 'The name of the object.');

const DRY_RUN = text('dryRun', 'All: everything is checked and answered as usual, and nothing is kept.');

const RESOURCE_VERSION = text(
  'resourceVersion',
  'An answer at least as new as this version; a watch goes on after it.',
);

const SELECTION: readonly Parameter[] = [
  text('labelSelector', 'Only objects with these labels: `tier=web,env in (live,test),!old`.'),
  text('fieldSelector', 'Only objects with these values: `metadata.name=app`, `status.phase!=online`.'),
];

export const ON_READ: readonly Parameter[] = [RESOURCE_VERSION];

export const ON_LIST: readonly Parameter[] = [
  ...SELECTION,
  RESOURCE_VERSION,
  text('resourceVersionMatch', 'How resourceVersion is meant: NotOlderThan or Exact.'),
  { name: 'limit', type: 'integer', description: 'At most so many objects; the answer says how to go on.' },
  text('continue', 'Where the list before this one ended.'),
  { name: 'watch', type: 'boolean', description: 'Changes as they happen, one JSON document a line.' },
  { name: 'allowWatchBookmarks', type: 'boolean', description: 'Tell from time to time how far a watch is.' },
  {
    name: 'sendInitialEvents',
    type: 'boolean',
    description: 'Begin a watch with what there is, up to a marked bookmark.',
  },
  { name: 'timeoutSeconds', type: 'integer', description: 'End a watch after so many seconds.' },
];

export const ON_WRITE: readonly Parameter[] = [
  DRY_RUN,
  text('fieldManager', 'The name under which fields are noted as set.'),
  text(
    'fieldValidation',
    'What becomes of unknown and repeated fields. Strict: refused; Warn: dropped with a warning; Ignore: dropped.',
  ),
];

export const ON_PATCH: readonly Parameter[] = [
  ...ON_WRITE,
  {
    name: 'force',
    type: 'boolean',
    description: 'Apply: take fields over from other managers instead of answering 409.',
  },
];

export const ON_LOGS: readonly Parameter[] = [
  {
    name: 'tail',
    type: 'integer',
    description: 'So many of the newest lines: 100 unless told, at most 10000.',
  },
  { name: 'follow', type: 'boolean', description: 'Go on with lines as the host writes them.' },
  text('event', 'Only lines of this LifecycleEvent.'),
];

export const ON_DELETE: readonly Parameter[] = [
  DRY_RUN,
  text('propagationPolicy', 'Background or Foreground: what the object owns goes too. Orphan is refused.'),
];

export const ON_DELETE_MANY: readonly Parameter[] = [...ON_DELETE, ...SELECTION];
