/** How `scalarium-agent` ends; the first four as `scalarium` does. */
export const EXIT = {
  done: 0,
  failed: 1,
  notFound: 3,
  usage: 64,
  /** The control plane has let this machine go: the daemon is not to be started again. */
  released: 100,
} as const;
