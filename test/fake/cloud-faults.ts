/** What a test told the fake cloud to do wrong next. */
import type { Failure } from '../../runtime/failure.js';

/** EC2 action names, as in `calls()`. */
export type Action =
  | 'RunInstances'
  | 'DescribeInstances'
  | 'DescribeInstanceStatus'
  | 'DescribeInstanceAttribute'
  | 'StartInstances'
  | 'StopInstances'
  | 'RebootInstances'
  | 'TerminateInstances'
  | 'CreateTags'
  | 'Capabilities';

export interface Held {
  /** Resolves once the call has arrived. */
  readonly arrived: Promise<void>;
  /** Lets the call go on. */
  release(): void;
}

export interface Faults {
  /** The next call fails; with `afterEffect` it does its work first and then fails: the answer was lost. */
  failNext(action: Action, failure: Failure, options?: { readonly afterEffect?: boolean }): void;
  /** The next call waits, before it has any effect, until it is released. */
  holdNext(action: Action): Held;
}

export interface Planned {
  readonly failure: Failure;
  readonly afterEffect: boolean;
}

export interface FaultQueue extends Faults {
  take(action: Action): Planned | null;
  pass(action: Action): Promise<void>;
}

interface Gate {
  readonly open: Promise<void>;
  readonly arrive: () => void;
}

const signal = (): { readonly promise: Promise<void>; readonly fire: () => void } => {
  let fire: () => void = () => undefined;
  const promise = new Promise<void>((resolve) => {
    fire = resolve;
  });
  return { promise, fire };
};

export const createFaults = (): FaultQueue => {
  const failures = new Map<Action, Planned[]>();
  const gates = new Map<Action, Gate[]>();
  return {
    failNext: (action, failure, options = {}) => {
      const planned = { failure, afterEffect: options.afterEffect ?? false };
      failures.set(action, [...(failures.get(action) ?? []), planned]);
    },
    holdNext: (action) => {
      const arrived = signal();
      const opened = signal();
      gates.set(action, [...(gates.get(action) ?? []), { open: opened.promise, arrive: arrived.fire }]);
      return { arrived: arrived.promise, release: opened.fire };
    },
    take: (action) => failures.get(action)?.shift() ?? null,
    pass: async (action) => {
      const gate = gates.get(action)?.shift();
      gate?.arrive();
      await gate?.open;
    },
  };
};
