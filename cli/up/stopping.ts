/** How a program in the foreground is told to end. */
import { minutes } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';

/** Aborts at the first Ctrl-C or SIGTERM; a second Ctrl-C ends the process as it is. */
export const stopSignal = (): AbortSignal => {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (abort.signal.aborted && signal === 'SIGINT') process.exit(130);
      abort.abort();
    });
  return abort.signal;
};

/** Resolves at the first Ctrl-C or SIGTERM. */
export const untilStopped = async (): Promise<void> => {
  const stop = stopSignal();
  // a timer that is set keeps the process alive for whatever waits here
  while (!stop.aborted) await systemClock.sleep(minutes(60), stop);
};
