/** How the parts of an installation are told to end. */
import { systemClock } from '../../runtime/clock.js';
import { minutes } from '../../api-types/units.js';

/** Resolves at the first SIGTERM or Ctrl-C. A second Ctrl-C ends the process as it is. */
export const untilStopped = async (): Promise<void> => {
  const stopped = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (stopped.signal.aborted && signal === 'SIGINT') process.exit(130);
      stopped.abort();
    });
  // a timer that is set keeps the process alive for whatever waits here
  while (!stopped.signal.aborted) await systemClock.sleep(minutes(60), stopped.signal);
};
