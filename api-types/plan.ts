/** What would be done about documents if they were applied: the answer of `POST /apis/scalarium.dev/v1/plan`. */
import type { KindName } from './kinds.js';
import type { Labels } from './metadata.js';

/** A document as people write it, decoded and with its defaults. */
export interface Manifest<Spec = unknown> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Labels;
    readonly annotations?: Labels;
  };
  readonly spec: Spec;
}

export const PLAN_ACTIONS = ['launch', 'stop', 'terminate', 'change', 'create', 'delete'] as const;
export type PlanAction = (typeof PLAN_ACTIONS)[number];

/** One thing that would happen. */
export interface PlannedChange {
  /** `create`, `change` and `delete` are of objects; `launch`, `stop` and `terminate` of machines for an Instance. */
  readonly action: PlanAction;
  readonly object: { readonly kind: KindName; readonly namespace?: string; readonly name: string };
  /** For people: what, and why. */
  readonly message: string;
  /** It would be parked until somebody consents. */
  readonly requiresConsent: boolean;
}

/** Plans documents against what is there now; pure but for what it reads from the cache. */
export type Planner = (documents: readonly Manifest[]) => readonly PlannedChange[];

export interface Plan {
  readonly apiVersion: string;
  readonly kind: 'Plan';
  readonly changes: readonly PlannedChange[];
}
