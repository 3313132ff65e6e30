/** The life-cycle events: what hosts are told. */

export const LIFECYCLE = ['setup', 'configure', 'deploy', 'undeploy', 'shutdown'] as const;
export type Lifecycle = (typeof LIFECYCLE)[number];
