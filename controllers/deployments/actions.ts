/** What a plan wants done, as data: one table, from which the executors' types derive. */
import type { DeployOrder } from '../../api-types/deploy-order.js';
import type { Canary } from '../../api-types/deployment-strategy.js';
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import type { Live } from '../../store/objects/objects.js';

export type Patch = Readonly<Record<string, unknown>>;

/** An event for hosts: written once, under a name that a second plan from the same records gives it too. */
export interface Order {
  readonly name: string;
  readonly cause: string;
  readonly order: DeployOrder;
  readonly targets: readonly Target[];
  readonly timeoutSeconds: number;
}

/** What is worth telling people. */
export interface Told {
  readonly deployment: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
}

interface Actions {
  /** A host tells what it runs since: in its record before the Deployment says that it changed. */
  readonly runs: { readonly instance: string; readonly patch: Patch };
  readonly order: Order;
  readonly deployment: { readonly live: Live<'Deployment'>; readonly patch: Patch };
  readonly application: { readonly live: Live<'Application'>; readonly patch: Patch };
  readonly role: { readonly name: string; readonly patch: Patch };
  readonly tell: Told;
  /** Brings hosts that missed a Deployment to the release in force. */
  readonly make: { readonly name: string; readonly spec: DeploymentSpec };
  /** The record of a deleted object goes: there is nothing left to do for it. */
  readonly forget: { readonly live: Live<'Application' | 'Deployment'> };
  /** Fetch the source and put its pack on the shelf; `pinned`: only if its pack is not there, and only this revision. */
  readonly fetch: {
    readonly uid: string;
    readonly live: Live<'Application'>;
    readonly revision: string | undefined;
    readonly pinned: { readonly revision: string; readonly digest: string } | null;
  };
  /** What was being fetched is not wanted any more, or its outcome is in the record. */
  readonly drop: { readonly uid: string };
  readonly measure: { readonly uid: string; readonly rule: NonNullable<Canary['metric']> };
}

export type Action = keyof Actions;
export type StepOf<A extends Action> = { readonly action: A } & Actions[A];
export type Step = { readonly [A in Action]: StepOf<A> }[Action];

export interface Plan {
  readonly steps: readonly Step[];
  /** When to look again by itself, and why; null: when something has changed. */
  readonly wait: { readonly after: number; readonly why: string } | null;
}
