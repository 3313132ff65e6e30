/** What is served in groups that are not ours: only as much as is in the answers. */
import * as t from 'io-ts';
import { described } from '../../api-types/described.js';
import { type Schema, schemaOf } from '../../api-types/schema.js';
import { Integer, Time, fields, oneOf } from '../../api-types/words.js';

const regarding = fields(
  'ObjectReference',
  {},
  {
    apiVersion: described(t.string, 'The group and version of the object.'),
    kind: described(t.string, 'The kind of the object.'),
    namespace: described(t.string, 'The Cluster that the object is in.'),
    name: described(t.string, 'The name of the object.'),
    uid: described(t.string, 'The uid of the object.'),
  },
);

const component = fields(
  'EventSource',
  {},
  { component: described(t.string, 'The controller that says so.') },
);

const told = {
  reason: described(t.string, 'What happened, in one CamelCase word.'),
  type: described(oneOf(['Normal', 'Warning']), 'Warning: somebody may have to look at it.'),
  reportingInstance: described(
    t.string,
    'Always empty: which of several control planes says so is not told.',
  ),
};

const coreEvent = fields(
  'Event',
  {},
  {
    ...told,
    involvedObject: described(regarding, 'The object that it is about.'),
    message: described(t.string, 'What happened, for people.'),
    source: described(component, 'Who says so.'),
    reportingComponent: described(t.string, 'The controller that says so.'),
    firstTimestamp: described(Time, 'When it happened first.'),
    lastTimestamp: described(Time, 'When it happened last.'),
    count: described(Integer, 'How often it has happened.'),
    eventTime: described(t.union([t.string, t.null]), 'Not told in this group; see firstTimestamp.'),
  },
);

const series = fields(
  'EventSeries',
  {},
  {
    count: described(Integer, 'How often it has happened.'),
    lastObservedTime: described(Time, 'When it happened last.'),
  },
);

const groupEvent = fields(
  'Event',
  {},
  {
    ...told,
    regarding: described(regarding, 'The object that it is about.'),
    note: described(t.string, 'What happened, for people.'),
    action: described(t.string, 'The same as `reason`.'),
    reportingController: described(t.string, 'The controller that says so.'),
    eventTime: described(Time, 'When it happened first.'),
    series: described(series, 'How it went on, when it happened more than once.'),
    deprecatedSource: described(component, 'For clients that know only core events.'),
    deprecatedFirstTimestamp: described(Time, 'For clients that know only core events.'),
    deprecatedLastTimestamp: described(Time, 'For clients that know only core events.'),
    deprecatedCount: described(Integer, 'For clients that know only core events.'),
  },
);

const namespace = fields(
  'Namespace',
  {},
  {
    spec: described(t.UnknownRecord, 'Always empty: a namespace is made and changed by way of its Cluster.'),
    status: described(
      t.strict({
        phase: described(
          oneOf(['Active', 'Terminating']),
          'Terminating while everything in the Cluster is torn down.',
        ),
      }),
      'Where the Cluster is in its life.',
    ),
  },
);

const QUESTION = described(t.UnknownRecord, 'What is asked; the caller is who asks.');
const ANSWER = described(t.UnknownRecord, 'The answer.');
const review = fields('Review', {}, { spec: QUESTION, status: ANSWER });

const FOREIGN: Readonly<Record<string, readonly [t.Any, string]>> = {
  'v1 Namespace': [namespace, 'A Cluster, as clients that think in namespaces see it. Read-only.'],
  'v1 Event': [coreEvent, 'Something worth telling a person about one object. Kept for an hour, read-only.'],
  'events.k8s.io/v1 Event': [
    groupEvent,
    'Something worth telling a person about one object. Kept for an hour, read-only.',
  ],
  'authentication.k8s.io/v1 SelfSubjectReview': [review, 'Who the API takes the caller for.'],
  'authorization.k8s.io/v1 SelfSubjectAccessReview': [review, 'Whether the caller may do one thing.'],
  'authorization.k8s.io/v1 SelfSubjectRulesReview': [review, 'What the caller may do in one Cluster.'],
};

/** The schema of a kind of another group, without its `metadata`; one that nothing is known of is free. */
export const foreignSchema = (groupVersion: string, kind: string): Schema => {
  const known = FOREIGN[`${groupVersion} ${kind}`];
  if (known === undefined) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const [codec, description] = known;
  return { ...schemaOf(codec), description };
};
