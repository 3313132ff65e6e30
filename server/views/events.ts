/** Our Events in the two shapes in which Kubernetes clients read them: `v1` and `events.k8s.io/v1`. */
import type { EventStatus } from '../../api-types/kinds/event.js';
import { API_VERSION } from '../../api-types/metadata.js';
import type { Live } from '../../store/objects/objects.js';
import { presented } from '../present.js';
import { type TableColumn, type View, textOnce } from './view.js';

const statusOf = ({ status }: Live): EventStatus => status as EventStatus;

const regardingOf = (live: Live): object => ({ apiVersion: API_VERSION, ...statusOf(live).regarding });

/** Kubernetes reads these times with exactly six decimals. */
const micro = (time: string): string =>
  time.replace(/(?:\.(\d+))?Z$/, (_all, decimals: string | undefined) => {
    return `.${(decimals ?? '').padEnd(6, '0').slice(0, 6)}Z`;
  });

const coreEvent = (live: Live) => {
  const { type, reason, message, source, firstSeen, lastSeen, count } = statusOf(live);
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: presented(live).metadata,
    involvedObject: regardingOf(live),
    reason,
    message,
    type,
    source: { component: source },
    firstTimestamp: firstSeen,
    lastTimestamp: lastSeen,
    count,
    eventTime: null,
    reportingComponent: source,
    reportingInstance: '',
  };
};

const groupEvent = (live: Live) => {
  const { type, reason, message, source, firstSeen, lastSeen, count } = statusOf(live);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: presented(live).metadata,
    eventTime: micro(firstSeen),
    ...(count > 1 ? { series: { count, lastObservedTime: micro(lastSeen) } } : {}),
    reportingController: source,
    reportingInstance: '',
    action: reason,
    reason,
    regarding: regardingOf(live),
    note: message,
    type,
    deprecatedSource: { component: source },
    deprecatedFirstTimestamp: firstSeen,
    deprecatedLastTimestamp: lastSeen,
    deprecatedCount: count,
  };
};

const text = (title: string, description: string, read: (status: EventStatus) => string): TableColumn => ({
  title,
  description,
  cell: { text: (live) => read(statusOf(live)) },
});

const wide = (column: TableColumn): TableColumn => ({ ...column, wide: true });

const COLUMNS: readonly TableColumn[] = [
  {
    title: 'Last Seen',
    description: 'How long ago this was last told.',
    cell: { since: (live) => statusOf(live).lastSeen },
  },
  text('Type', 'Normal or Warning.', ({ type }) => type),
  text('Reason', 'Why, in one word for programs.', ({ reason }) => reason),
  text('Object', 'What it is about.', ({ regarding }) => `${regarding.kind.toLowerCase()}/${regarding.name}`),
  wide(text('Source', 'Which controller says so.', ({ source }) => source)),
  text('Message', 'What happened, for people.', ({ message }) => message.trim()),
  {
    title: 'First Seen',
    description: 'How long ago this was first told.',
    wide: true,
    cell: { since: (live) => statusOf(live).firstSeen },
  },
  wide(text('Count', 'In how many minutes it was told.', ({ count }) => String(count))),
  {
    title: 'Name',
    description: 'Unique within a cluster.',
    wide: true,
    cell: { text: ({ ref }) => ref.name },
  },
];

const REGARDING = {
  kind: ({ regarding }: EventStatus) => regarding.kind,
  namespace: ({ regarding }: EventStatus) => regarding.namespace ?? '',
  name: ({ regarding }: EventStatus) => regarding.name,
  uid: ({ regarding }: EventStatus) => regarding.uid ?? '',
  apiVersion: () => API_VERSION,
  // ours are about an object, not about a version or a part of it
  resourceVersion: () => '',
  fieldPath: () => '',
};

const fieldsBelow = (prefix: string): View['fields'] =>
  Object.fromEntries(
    Object.entries(REGARDING).map(([name, read]) => [`${prefix}.${name}`, (live) => read(statusOf(live))]),
  );

/** Field selectors of events, in the words of both groups. */
export const EVENT_FIELDS: View['fields'] = {
  ...fieldsBelow('involvedObject'),
  ...fieldsBelow('regarding'),
  reason: (live) => statusOf(live).reason,
  type: (live) => statusOf(live).type,
  source: (live) => statusOf(live).source,
  reportingComponent: (live) => statusOf(live).source,
  reportingController: (live) => statusOf(live).source,
};

const view = (group: string, groupVersion: string, object: View['object']): View => ({
  group,
  version: 'v1',
  groupVersion,
  kind: 'Event',
  plural: 'events',
  singular: 'event',
  shortNames: ['ev'],
  categories: [],
  namespaced: true,
  verbs: ['get', 'list', 'watch'],
  subresources: [],
  source: 'Event',
  columns: [],
  table: COLUMNS,
  object,
  text: textOnce(object),
  fields: EVENT_FIELDS,
  fixed: [],
  instead: 'events are written by the controllers',
});

/** As `kubectl describe`, `kubectl get events` and `kubectl events` read them. */
export const CORE_EVENTS: View = view('', 'v1', coreEvent);

/** As newer clients read them. */
export const GROUP_EVENTS: View = view('events.k8s.io', 'events.k8s.io/v1', groupEvent);
