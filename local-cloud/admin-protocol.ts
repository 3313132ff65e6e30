/** The admin door's words: JSON under `/_scalarium/`, with the bearer token in `<directory>/admin-token`. */
import * as t from 'io-ts';
import { MACHINE_STATES } from '../api-types/kinds/instance.js';
import { fields, oneOf } from '../api-types/words.js';

export const ADMIN_PATH = '/_scalarium';

export const MachineView = fields(
  'MachineView',
  {
    id: t.string,
    state: oneOf(MACHINE_STATES),
    zone: t.string,
    privateAddress: t.string,
    /** Milliseconds since 1970. */
    launchedAt: t.number,
    stateReason: t.union([t.string, t.null]),
    /** How often it was rebooted: a change says reboot. */
    reboots: t.number,
    tags: t.record(t.string, t.string),
    /** Decoded; null when there is none or the machine is not running. */
    userData: t.union([t.string, t.null]),
  },
  {},
);
export interface MachineView extends t.TypeOf<typeof MachineView> {}

export const FeedAnswer = fields(
  'FeedAnswer',
  {
    cursor: t.string,
    /** `machines` are all there are; what is not among them is gone. */
    reset: t.boolean,
    machines: t.readonlyArray(MachineView),
    /** Ids that are no longer listed. */
    gone: t.readonlyArray(t.string),
  },
  {},
);
export interface FeedAnswer extends t.TypeOf<typeof FeedAnswer> {}

export const MachineList = fields('MachineList', { machines: t.readonlyArray(MachineView) }, {});

const Counts = t.record(t.string, t.record(t.string, t.number));

export const CallCounts = fields(
  'CallCounts',
  {
    /** By profile (`default`, `hosts`), then by action; refused ones included. */
    calls: Counts,
    /** Those answered RequestLimitExceeded. */
    throttled: Counts,
  },
  {},
);
export interface CallCounts extends t.TypeOf<typeof CallCounts> {}

export const KillOrder = fields('KillOrder', {}, { reason: t.strict({ code: t.string, message: t.string }) });

export const ThrottleOrder = fields('ThrottleOrder', { action: t.string, calls: t.number }, {});

/** How many more machines there is room for; null lifts it. Without a zone: in each zone that has no limit of its own, together. */
export const CapacityOrder = fields(
  'CapacityOrder',
  { machines: t.union([t.number, t.null]) },
  { zone: t.string },
);

/** For the next `calls` of `action` (`*`: any): wait, then answer with the truth, an error, or not at all. */
export const AnswerOrder = fields(
  'AnswerOrder',
  { action: t.string, calls: t.number, when: oneOf(['before', 'after']) },
  {
    delayMillis: t.number,
    error: t.strict({ code: t.string, message: t.string, status: t.number }),
    drop: t.boolean,
  },
);
export interface AnswerOrder extends t.TypeOf<typeof AnswerOrder> {}

export const StaleOrder = fields('StaleOrder', { forMillis: t.number }, {});

export const OmitOrder = fields('OmitOrder', { ids: t.readonlyArray(t.string), forMillis: t.number }, {});

/** Status checks as DescribeInstanceStatus shows them; null makes them well again. */
export const ImpairOrder = fields(
  'ImpairOrder',
  { checks: t.union([t.strict({ system: t.string, instance: t.string }), t.null]) },
  {},
);

export const StillbornOrder = fields('StillbornOrder', { machines: t.number }, {});
