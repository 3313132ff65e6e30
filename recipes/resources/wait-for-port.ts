/** Check of waitForPort. */
import { connect, type NetConnectOpts } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitForPortResource } from '../resource.js';
import type { Check } from '../scene.js';

const DEFAULT_SECONDS = 60;
const TRY_MS = 2_000;
export const LOOK_MS = 200;

/** Null: it accepts connections; else why not. */
export const tried = (to: NetConnectOpts, signal: AbortSignal): Promise<string | null> =>
  new Promise((resolve) => {
    const socket = connect({ ...to, signal });
    socket.setTimeout(TRY_MS);
    const end = (why: string | null): void => {
      socket.destroy();
      resolve(why);
    };
    socket.once('connect', () => {
      end(null);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      end(error.message);
    });
    socket.once('timeout', () => {
      end('no answer');
    });
  });

/** Changes nothing: it only takes until then. */
export const waitForPort: Check<WaitForPortResource> = async (resource, { signal }) => {
  const { host, port, timeoutSeconds = DEFAULT_SECONDS } = resource;
  if ((await tried({ host, port }, signal)) === null) return null;
  return {
    diff: '',
    apply: async () => {
      const late = AbortSignal.timeout(timeoutSeconds * 1000);
      for (;;) {
        const why = await tried({ host, port }, signal);
        if (why === null) return { changed: [] };
        signal.throwIfAborted();
        if (late.aborted) throw new Error(`no connection within ${String(timeoutSeconds)} s: ${why}`);
        await sleep(LOOK_MS, undefined, { signal });
      }
    },
  };
};
