/** The stages of what a host does with an application: each is said when it begins and ends, and named when it fails. */
import type { ResourceLog } from '../apply.js';
import { messageOf } from '../reasons.js';

export type Stage =
  | 'fetch'
  | 'unpack'
  | 'build'
  | 'link'
  | 'migrate'
  | 'before_restart'
  | 'switch'
  | 'health'
  | 'after_restart'
  | 'recipes'
  | 'restart'
  | 'stop'
  | 'undeploy'
  | 'cleanup';

/** What failed, for people, and at which stage. */
export class StageFailure extends Error {
  constructor(
    readonly stage: Stage,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

interface Speaker {
  readonly log: ResourceLog;
  readonly application: string;
  readonly signal: AbortSignal;
  readonly mask: (text: string) => string;
  /** Milliseconds since some moment. */
  readonly monotonic: () => number;
}

const asFailure = (stage: Stage, error: unknown, mask: (text: string) => string): StageFailure =>
  error instanceof StageFailure ? error : new StageFailure(stage, mask(messageOf(error)), { cause: error });

/** Runs a stage; rejects with a StageFailure. `release`: of which it is, where it is of one. */
export const inStage = async <A>(
  { log, application, signal, mask, monotonic }: Speaker,
  stage: Stage,
  release: number | null,
  work: () => Promise<A>,
): Promise<A> => {
  const keys = { application, ...(release === null ? {} : { release }), stage };
  log.info('stage begins', keys);
  const began = monotonic();
  const seconds = (): number => Math.round(monotonic() - began) / 1000;
  try {
    if (signal.aborted) throw new Error('stopped because the run was aborted');
    const done = await work();
    log.info('stage ends', { ...keys, seconds: seconds() });
    return done;
  } catch (error) {
    const failure = asFailure(stage, error, mask);
    log.warn('stage failed', { ...keys, seconds: seconds(), failure: failure.message });
    throw failure;
  }
};
