/** LifecycleEvent: something hosts are told. A record only, immutable; results are in chunk keys. */
import * as t from 'io-ts';
import { fields, oneOf } from '../words.js';
import { RESULT_STATES } from './instance.js';

export const LIFECYCLE = ['setup', 'configure', 'shutdown'] as const;
export type Lifecycle = (typeof LIFECYCLE)[number];

/** Which host an event is for: the slot and the machine that fills it. */
export const Target = t.strict({ instance: t.string, machine: t.string }, 'Target');
export interface Target extends t.TypeOf<typeof Target> {}

export const LifecycleEventStatus = fields(
  'LifecycleEventStatus',
  {
    event: oneOf(LIFECYCLE),
    /** For people: `app-3 became Ready`. */
    cause: t.string,
    createdAt: t.string,
    /** Snapshot that the recipes are given. `version` grows by one with each snapshot of the cluster. */
    snapshot: t.strict({ version: t.number, digest: t.string }),
    targets: t.readonlyArray(Target),
  },
  {
    /** RFC 7386 merge patch from the snapshot with digest `base` to this one; none: fetch the whole. */
    diff: t.strict({ base: t.string, patch: t.UnknownRecord }),
    /**
     * Seconds. A run of it that takes longer is cut off by the agent and ends as failed; a host without a result this
     * long after `createdAt` is counted as `expired`, and a result that comes later still replaces that.
     */
    timeoutSeconds: t.number,
  },
);
export interface LifecycleEventStatus extends t.TypeOf<typeof LifecycleEventStatus> {}

/** One host's result, as the agent reports it. */
export const EventResult = fields(
  'EventResult',
  {
    event: t.string,
    instance: t.string,
    machine: t.string,
    state: oneOf(RESULT_STATES),
    /** 1; 2 when it was found unfinished after a crash and run again. */
    attempt: t.number,
    startedAt: t.string,
    finishedAt: t.string,
  },
  {
    interrupted: t.boolean,
    /** Resources that were changed, by their id. */
    changed: t.readonlyArray(t.string),
    /** The failure for people: resource, command, exit code, last output. */
    message: t.string,
  },
);
export interface EventResult extends t.TypeOf<typeof EventResult> {}

/** Results of one event, at most 500 hosts a key; written once by one gateway, merged by readers. */
export const ResultChunk = t.strict(
  { event: t.string, results: t.readonlyArray(EventResult) },
  'ResultChunk',
);
export interface ResultChunk extends t.TypeOf<typeof ResultChunk> {}
