/** A host as one process that a driver watches and ends, whether it is its child or was found alive. */
import { millis, type Millis } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { isAlive, signalProcess, type ProcessIdentity } from '../../runtime/process-identity.js';
import type { RunningAgent } from './driver.js';

const ADOPTED_POLL = millis(200);

/** `kindly`: how long it has to end by itself; `done` resolves when it has ended. */
export const hostProcess = (
  identity: ProcessIdentity,
  done: Promise<void>,
  { clock, kindly }: { readonly clock: Clock; readonly kindly: Millis },
): RunningAgent => ({
  identity,
  done,
  stop: async () => {
    signalProcess(identity, 'SIGTERM');
    const timer = clock.after(kindly, () => {
      signalProcess(identity, 'SIGKILL');
    });
    await done;
    timer.cancel();
  },
});

/** Polls a process that is not our child; after `leaving` it never resolves. */
export const died = async (identity: ProcessIdentity, clock: Clock, leaving: AbortSignal): Promise<void> => {
  while (isAlive(identity)) {
    if (leaving.aborted) await new Promise<never>(() => undefined);
    await clock.sleep(ADOPTED_POLL, leaving);
  }
};
