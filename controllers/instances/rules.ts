/** What a role's spec says of times and of replacing, with nothing left to default; and small readings of a record. */
import { isCurrent, type BoundMachine } from '../../api-types/kinds/instance.js';
import { SHUTDOWN_TIMEOUT_SECONDS, healingWithDefaults } from '../../api-types/kinds/role.js';
import { seconds, type Millis } from '../../api-types/units.js';
import type { Live } from '../../store/objects/objects.js';

export interface Rules {
  readonly boot: Millis;
  readonly setup: Millis;
  readonly shutdown: Millis;
  /** A new, empty machine may take the place of one that is lost, without asking. */
  readonly mayReplace: boolean;
}

const readRules = ({ spec }: Live<'Role'>): Rules => {
  const { bootTimeoutSeconds, setupTimeoutSeconds, enabled } = healingWithDefaults(spec);
  return {
    boot: seconds(bootTimeoutSeconds),
    setup: seconds(setupTimeoutSeconds),
    shutdown: seconds(spec.shutdownTimeoutSeconds ?? SHUTDOWN_TIMEOUT_SECONDS),
    mayReplace: enabled,
  };
};

/** Asked for each of thousands of slots: read once a role object, which never changes. */
const known = new WeakMap<Live<'Role'>, Rules>();

/** The bounds of a role. */
export const rulesOf = (role: Live<'Role'>): Rules => {
  const rules = known.get(role) ?? readRules(role);
  known.set(role, rules);
  return rules;
};

/** Hosts wanted; none while no spec was ever valid. */
export const replicasOf = ({ spec, specGeneration }: Live<'Role'>): number =>
  specGeneration === 0 ? 0 : spec.replicas;

/** Its own spec key is there: neither deleted nor that of the next incarnation. */
export const hasSpec = ({ deletion, succeeded, specRevision }: Live): boolean =>
  deletion === null && !succeeded && specRevision > 0;

/** The machine in the slot, or null. */
export const boundTo = ({ status }: Live<'Instance'>): BoundMachine | null => status.machine ?? null;

/** Its agent has connected at least once. */
export const wasHeard = ({ status }: Live<'Instance'>): boolean => {
  const { machine, agent } = status;
  return machine != null && agent?.machine === machine.id;
};

/** Setup has succeeded on this very machine, not on the one before, nor before it was stopped and started. */
export const isSetUp = ({ status }: Live<'Instance'>): boolean => {
  const { machine, setup } = status;
  const done = machine != null && setup?.machine === machine.id && setup.state === 'succeeded';
  return done && isCurrent(status, setup);
};

/** Ready, by lifecycle's word about this very machine. */
export const isReady = (live: Live<'Instance'>): boolean =>
  boundTo(live)?.state === 'running' && live.status.conditions?.['Ready']?.status === 'True' && isSetUp(live);

/** How often an agent that had no chance to connect since we began to listen is waited for again. */
const ASK_AGAIN = 1000;

/**
 * Milliseconds that a host has left to shut down when it could be told from `told` on. Time in which nobody listened
 * (we were down, or asleep) is not held against it: its agent is given the time to come back and be told.
 */
export const graceLeft = (
  view: { readonly now: number; readonly role: Live<'Role'>; readonly listening: boolean },
  told: number,
): number => Math.max(view.listening ? 0 : ASK_AGAIN, told + rulesOf(view.role).shutdown - view.now);
