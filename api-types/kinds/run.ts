/** Run: an event carried out once, now, on chosen hosts. Its spec is not changed: another run is another Run. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { Integer, Name, Time, fields, listOf, oneOf, wholeNumber } from '../words.js';
import { Conditions, OBSERVED_GENERATION } from './conditions.js';

export const RUN_EVENTS = ['setup', 'configure'] as const;

/** What a run takes longer than is cut off; a day is more than anybody waits for. */
const RunSeconds = wholeNumber(1, 86_400);
export const RUN_TIMEOUT_SECONDS = 600;

export const RunSpec = fields(
  'RunSpec',
  {
    event: described(
      oneOf(RUN_EVENTS),
      'Whose recipes are run: those of setup or of configure. They run whether or not anything has changed.',
    ),
  },
  {
    roles: described(
      listOf(Name, 'a list of role names'),
      'All online hosts of these Roles. With neither roles nor instances: all online hosts of the cluster.',
      { default: [] },
    ),
    instances: described(
      listOf(Name, 'a list of instance names'),
      'These hosts, beside those of `roles`. One that is not online when the run begins counts as failed.',
      { default: [] },
    ),
    timeoutSeconds: described(
      RunSeconds,
      'A host that takes longer is cut off, and counts as failed; so does one that has not answered by then.',
      { default: RUN_TIMEOUT_SECONDS, unit: 'seconds' },
    ),
  },
);
export interface RunSpec extends t.TypeOf<typeof RunSpec> {}

export const RUN_PHASES = ['Pending', 'Running', 'Succeeded', 'Failed'] as const;

export const RUN_HOST_STATES = ['pending', 'succeeded', 'failed'] as const;
export type RunHostState = (typeof RUN_HOST_STATES)[number];

export const RunFailure = t.strict(
  {
    instance: described(t.string, 'The name of the Instance.'),
    message: described(t.string, 'What failed, for people: resource, command, exit code, last output.'),
  },
  'RunFailure',
);
export interface RunFailure extends t.TypeOf<typeof RunFailure> {}

export const RunStatus = fields(
  'RunStatus',
  {},
  {
    observedGeneration: described(Integer, OBSERVED_GENERATION),
    phase: described(oneOf(RUN_PHASES), 'Where it is: Succeeded and Failed are its ends.'),
    startedAt: described(Time, 'When the hosts were told.'),
    finishedAt: described(Time, 'When the last host had answered, or had no time left to.'),
    total: described(Integer, 'How many hosts it is for.'),
    succeeded: described(Integer, 'How many hosts carried it out.'),
    failed: described(Integer, 'How many hosts did not.'),
    hosts: described(
      t.record(t.string, oneOf(RUN_HOST_STATES)),
      'How far each host is, by the name of its Instance.',
    ),
    failures: described(t.readonlyArray(RunFailure), 'What went wrong, host by host; the first fifty.'),
    conditions: described(
      Conditions,
      'Complete: it has ended, well or not. Ready: it has ended well on all hosts. Reconciling: hosts are at it. Stalled: it ended badly, or there is no host to run it on. Valid: the spec can be read.',
    ),
  },
);
export interface RunStatus extends t.TypeOf<typeof RunStatus> {}

export const runDefaults = (spec: RunSpec): RunSpec => ({
  roles: [],
  instances: [],
  timeoutSeconds: RUN_TIMEOUT_SECONDS,
  ...spec,
});
