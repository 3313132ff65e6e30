/** The hollow driver: agents in this process, so that thousands fit; they end with it. */
import type { Boot, HostDriver } from './driver.js';

/** A booted hollow agent. */
export interface HollowAgent {
  readonly done: Promise<unknown>;
  stop(): Promise<void>;
}

export type BootHollow = (boot: Boot) => HollowAgent;

export const hollowDriver = (bootHollow: BootHollow): HostDriver => ({
  outlives: false,
  boot: (boot) => {
    const agent = bootHollow(boot);
    return Promise.resolve({
      identity: null,
      done: agent.done.then(() => undefined),
      stop: () => agent.stop(),
    });
  },
  adopt: () => {
    throw new Error('a hollow agent cannot outlive its driver');
  },
  clear: () => Promise.resolve(),
  survivors: () => new Map(),
  tidy: () => undefined,
  leave: () => undefined,
  address: ({ privateAddress }) => privateAddress ?? '127.0.0.1',
});
