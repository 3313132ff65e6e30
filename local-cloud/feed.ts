/**
 * Machines as they change, for host drivers: a long poll that is level-based (a machine that changed twice is told
 * once, as it is now). A cursor of another run of the local cloud, or none, gets everything.
 */
import type { Millis } from '../api-types/units.js';
import { hex } from '../runtime/chance.js';
import { reservationOf } from './actions/machine-xml.js';
import type { FeedAnswer, MachineView } from './admin-protocol.js';
import type { LocalCloud } from './context.js';
import type { MachineRecord } from './model.js';

export interface Feed {
  /** What changed after the cursor, waiting up to `patience` for something; `signal` gives up early. */
  after(cursor: string, patience: Millis, signal: AbortSignal): Promise<FeedAnswer>;
  close(): void;
}

/** A machine as the admin door shows it; user data only of running ones, who alone have a use for it. */
export const machineView = (cloud: LocalCloud, machine: MachineRecord): MachineView => {
  const userData = machine.state === 'running' ? reservationOf(cloud, machine).userData : null;
  return {
    id: machine.id,
    state: machine.state,
    zone: machine.zone,
    privateAddress: machine.privateAddress,
    launchedAt: machine.launchedAt,
    stateReason: machine.stateReason?.code ?? null,
    reboots: machine.reboots,
    tags: machine.tags,
    userData: userData === null ? null : Buffer.from(userData, 'base64').toString(),
  };
};

const sequenceOf = (cursor: string, epoch: string): number | null => {
  const match = /^([0-9a-f]+)\.(\d+)$/.exec(cursor);
  return match?.[1] === epoch && match[2] !== undefined ? Number(match[2]) : null;
};

/** Follows what is committed from now on. */
export const startFeed = (cloud: LocalCloud): Feed => {
  const epoch = hex(cloud.chance, 6);
  const changed = new Map<string, number>();
  let sequence = 0;
  let wake: AbortController = new AbortController();
  const subscription = cloud.world.committed$.subscribe((changes) => {
    const ids = changes.filter(([table]) => table === 'machines').map(([, id]) => id);
    if (ids.length === 0) return;
    sequence += 1;
    for (const id of ids) changed.set(id, sequence);
    const waiting = wake;
    wake = new AbortController();
    waiting.abort();
  });

  const answer = (since: number | null): FeedAnswer => {
    const cursor = `${epoch}.${String(sequence)}`;
    const view = (machine: MachineRecord): MachineView => machineView(cloud, machine);
    if (since === null)
      return { cursor, reset: true, machines: [...cloud.world.machines.values()].map(view), gone: [] };
    const ids = [...changed].filter(([, at]) => at > since).map(([id]) => id);
    return {
      cursor,
      reset: false,
      machines: ids.flatMap((id) => {
        const machine = cloud.world.machines.get(id);
        return machine === undefined ? [] : [view(machine)];
      }),
      gone: ids.filter((id) => !cloud.world.machines.has(id)),
    };
  };
  return {
    after: async (cursor, patience, signal) => {
      const since = sequenceOf(cursor, epoch);
      if (since !== null && since >= sequence)
        await cloud.clock.sleep(patience, AbortSignal.any([signal, wake.signal]));
      await cloud.world.flushed();
      return answer(since);
    },
    close: () => {
      subscription.unsubscribe();
      wake.abort();
    },
  };
};
