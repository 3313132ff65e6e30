/** Run: an event, or recipes, carried out once, now, on chosen hosts. Its spec is not changed: another run is another Run. */
import * as t from 'io-ts';
import { RecipeName } from '../cookbooks.js';
import { described } from '../described.js';
import { Integer, Name, Time, fields, listOf, oneOf, refined, wholeNumber } from '../words.js';
import { Conditions, OBSERVED_GENERATION } from './conditions.js';

export const RUN_EVENTS = ['setup', 'configure', 'deploy', 'undeploy'] as const;
export type RunEvent = (typeof RUN_EVENTS)[number];

/** What a run takes longer than is cut off; a day is more than anybody waits for. */
const RunSeconds = wholeNumber(1, 86_400);
export const RUN_TIMEOUT_SECONDS = 600;

const RunFields = fields(
  'RunSpec',
  {},
  {
    event: described(
      oneOf(RUN_EVENTS),
      'Whose recipes are run: those that are built in and those that Roles name for it. They run whether or not anything has changed. Either this or `recipes`.',
    ),
    recipes: described(
      refined(
        listOf(RecipeName, 'a list of recipes'),
        'a list of at least one recipe',
        ({ length }) => length > 0,
      ),
      "Recipes of the Cluster's cookbooks to run, in this order, and nothing else. Either this or `event`.",
    ),
    dryRun: described(
      t.boolean,
      'Nothing is touched: hosts answer with what would change, which is in `status.diffs`.',
      { default: false },
    ),
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
type RunFields = t.TypeOf<typeof RunFields>;

export const RunSpec = refined(
  RunFields,
  'a run of either an event or recipes',
  ({ event, recipes }: RunFields) => (event === undefined) !== (recipes === undefined),
);
export interface RunSpec extends RunFields {}

/** What hosts are told: recipes run as a part of configure. */
export const runEventOf = ({ event }: RunSpec): RunEvent => event ?? 'configure';

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

/** A resource that a dry run found to differ in the same way on these hosts. */
export const RunDiff = t.strict(
  {
    resource: described(t.string, 'Its id, as file[/etc/hosts].'),
    diff: described(t.string, 'What would change, for people; of a text a unified diff, secrets masked.'),
    instances: described(t.readonlyArray(t.string), 'The Instances where it was found.'),
  },
  'RunDiff',
);
export interface RunDiff extends t.TypeOf<typeof RunDiff> {}

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
    events: described(
      t.readonlyArray(t.string),
      'The LifecycleEvents that tell the hosts: `scalarium logs --event` shows what they write of one.',
    ),
    changed: described(
      t.record(t.string, Integer),
      'How many resources were changed, or of a dry run would be, by the name of the Instance; those without any are not named.',
    ),
    diffs: described(
      t.readonlyArray(RunDiff),
      'Of a dry run: what would change, once for all hosts where it is the same. 256 KiB at most.',
    ),
    diffsLeftOut: described(
      Integer,
      'How many more differences there are than `diffs` has room for. The logs of the hosts have them (`scalarium logs`), and so has a run on fewer hosts.',
    ),
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
  dryRun: false,
  timeoutSeconds: RUN_TIMEOUT_SECONDS,
  ...spec,
});
