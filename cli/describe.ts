/** One object told whole, for people. */
import type { InstanceStatus } from '../api-types/kinds/instance.js';
import type { ObjectOf } from '../client/client.js';
import { TOLD, partsOf } from './deploying/describing.js';
import { EVENT_HEAD, byTime, eventRow } from './event-rows.js';
import { ageText, conditionsOf, since, tableText } from './table.js';

const indented = (text: string): string =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n');

const section = (title: string, body: string): string =>
  body === '' ? '' : `${title}:\n${indented(body)}\n`;

const pairs = (texts: Readonly<Record<string, string>> | undefined): string =>
  Object.entries(texts ?? {})
    .map(([key, text]) => `${key}=${text}`)
    .join(', ');

const phaseOfStatus = (object: ObjectOf): string => {
  const phase = object.status?.['phase'];
  return typeof phase === 'string' ? phase : '';
};

const header = (object: ObjectOf, now: number): string => {
  const { metadata } = object;
  const owner = metadata.ownerReferences?.[0];
  const rows = [
    ['Name:', metadata.name],
    ['Kind:', object.kind],
    ['Namespace:', metadata.namespace ?? ''],
    ['Phase:', phaseOfStatus(object)],
    ['Labels:', pairs(metadata.labels)],
    ['Annotations:', pairs(metadata.annotations)],
    ['Owner:', owner === undefined ? '' : `${owner.kind}/${owner.name}`],
    ['UID:', metadata.uid],
    ['Generation:', String(metadata.generation)],
    ['Created:', `${metadata.creationTimestamp} (${since(metadata.creationTimestamp, now)} ago)`],
    ['Deleting:', metadata.deletionTimestamp === undefined ? '' : `since ${metadata.deletionTimestamp}`],
  ];
  return `${tableText(rows.filter(([, text]) => text !== ''))}\n`;
};

const conditionsText = (object: ObjectOf, now: number): string => {
  const conditions = Object.values(conditionsOf(object));
  if (conditions.length === 0) return '';
  const rows = conditions.map(({ type, status, reason, message, lastTransitionTime }) => [
    type,
    status,
    reason,
    since(lastTransitionTime, now),
    message,
  ]);
  return tableText([['TYPE', 'STATUS', 'REASON', 'SINCE', 'MESSAGE'], ...rows]);
};

type Step = readonly [string, string | undefined];

const hostSteps = ({ requestedAt, machine, agent }: InstanceStatus): readonly Step[] => [
  ['requested', requestedAt],
  ['launched', machine?.launchedAt],
  ['running', machine?.runningAt],
  ['agent connected', agent?.connectedAt],
];

const eventStep = (name: string, progress: InstanceStatus['setup']): readonly Step[] =>
  progress === undefined ? [] : [[`${name} ${progress.state}`, progress.at]];

/** When a host reached which step, and how long after it was asked for. */
const timingsText = (object: ObjectOf): string => {
  const status = (object.status ?? {}) as InstanceStatus;
  const ready = conditionsOf(object)['Ready'];
  const steps: readonly Step[] = [
    ...hostSteps(status),
    ...eventStep('setup', status.setup),
    ...eventStep('configure', status.configure),
    ['ready', ready?.status === 'True' ? ready.lastTransitionTime : undefined],
  ];
  const start = Date.parse(status.requestedAt ?? '');
  const after = (at: string): string => (Number.isNaN(start) ? '' : `+${ageText(Date.parse(at) - start)}`);
  const rows = steps.flatMap(([step, at]) => (at === undefined ? [] : [[step, at, after(at)]]));
  return rows.length === 0 ? '' : tableText(rows);
};

/** What is in the status beside what is told in its own section. */
const restOfStatus = (object: ObjectOf): Readonly<Record<string, unknown>> => {
  const always = ['conditions', 'phase', 'observedGeneration', 'appliedGeneration'];
  const told = [...always, ...(TOLD[object.kind] ?? [])];
  return Object.fromEntries(Object.entries(object.status ?? {}).filter(([key]) => !told.includes(key)));
};

export interface Described {
  readonly object: ObjectOf;
  readonly events: readonly ObjectOf[];
  readonly now: number;
  readonly yaml: (value: unknown) => string;
}

const RECENT = 20;

const eventsText = (events: readonly ObjectOf[], now: number): string => {
  if (events.length === 0) return 'none in the last hour';
  const rows = byTime(events)
    .slice(-RECENT)
    .map((event) => eventRow(event, now));
  return tableText([EVENT_HEAD, ...rows]);
};

/** The whole text. */
export const described = ({ object, events, now, yaml }: Described): string => {
  const rest = restOfStatus(object);
  return [
    header(object, now),
    object.spec === undefined ? '' : section('Spec', yaml(object.spec)),
    object.kind === 'Instance' ? section('Timings', timingsText(object)) : '',
    ...partsOf(object, now).map(({ title, body }) => section(title, body)),
    Object.keys(rest).length === 0 ? '' : section('Status', yaml(rest)),
    section('Conditions', conditionsText(object, now)),
    section('Events', eventsText(events, now)),
  ].join('');
};
