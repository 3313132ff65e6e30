/** What the planner is given: one application, its Deployments and hosts, and what is known beside the records. */
import type { ApplicationSpec } from '../../api-types/kinds/application.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import type { Live } from '../../store/objects/objects.js';
import type { WaitedFor } from './patience.js';

/** What became of fetching the source of a Deployment. */
export type Fetched =
  | { readonly _tag: 'Fetching' }
  | {
      readonly _tag: 'Packed';
      readonly revision: string;
      readonly digest: string;
      /** The Application as it was when fetching began. */
      readonly spec: ApplicationSpec;
    }
  | { readonly _tag: 'Failed'; readonly problem: string };

/** The last answer of what a canary is judged by. */
export interface Measured {
  /** Null: it could not be measured. */
  readonly value: number | null;
  /** Wall clock, milliseconds: when it was asked. */
  readonly at: number;
}

export interface View {
  /** Wall clock, milliseconds. */
  readonly now: number;
  readonly cluster: Live<'Cluster'>;
  /** The name of the application. */
  readonly name: string;
  /** Null: there is none, and there is nothing left of one. */
  readonly application: Live<'Application'> | null;
  /** All of the application, oldest first. */
  readonly deployments: readonly Live<'Deployment'>[];
  readonly instances: ReadonlyMap<string, Live<'Instance'>>;
  readonly roles: ReadonlyMap<string, Live<'Role'>>;
  /** A Deployment of the cluster, whatever its application, that has not ended. */
  readonly isOpen: (deployment: string) => boolean;
  /** How long load balancers of the cluster may wait for what hosts have that leave them. */
  readonly drainSeconds: number;
  /** What a machine answered to an event. */
  readonly answerTo: (event: string, machine: string) => EventResult | undefined;
  /** An event that was made. */
  readonly eventOf: (name: string) => Live<'LifecycleEvent'> | null;
  /** By the uid of the Deployment. */
  readonly fetchedFor: (uid: string) => Fetched | undefined;
  readonly measuredFor: (uid: string) => Measured | undefined;
  /** How long this control plane has waited for something itself. */
  readonly waitedFor: WaitedFor;
}
