/** What a type of role brings to the recipes of its hosts' events. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { rolesOfType } from '../members.js';
import type { Resource } from '../resource.js';
import type { ApplicationPart } from './application-part.js';

type Resources = (snapshot: Snapshot, role: string) => readonly Resource[];

/** Pure functions; they may throw an AttributeProblem, which then fails the run on the host. */
export interface RoleRecipe {
  /** Setup and configure: all that the host should be. The same on every host of the role. */
  readonly converge: Resources;
  /** The part of that which differs from host to host; it comes first. */
  readonly own?: (snapshot: Snapshot, role: string, instance: string) => readonly Resource[];
  /** New code may be there: applications are started with it. */
  readonly deploy?: Resources;
  /** Applications are stopped. */
  readonly undeploy?: Resources;
  /** Before the machine ends: what is being done is finished, nothing new is begun. */
  readonly shutdown?: Resources;
  /** Services that are let be though converge has them not: an overlap may go on. */
  readonly spare?: (snapshot: Snapshot, role: string) => readonly string[];
  /** What the release of an application makes of this; null: it is none of the role's. */
  readonly part?: (snapshot: Snapshot, role: string, application: string) => ApplicationPart | null;
}

/** First line of every file that a recipe writes, where a `#` begins a comment. */
export const HEAD = '# Written by Scalarium; changes are overwritten.\n';

/** Comes before applications are stopped: load balancers learn only now that the host goes. */
export const untilNothingNew = (snapshot: Snapshot, drainSeconds: number): readonly Resource[] =>
  drainSeconds === 0 || rolesOfType(snapshot, 'load-balancer').length === 0
    ? []
    : [
        {
          type: 'execute',
          name: 'wait until the load balancer gives it nothing new',
          command: ['sleep', String(drainSeconds)],
          timeoutSeconds: drainSeconds * 2 + 60,
          on: 'machine',
        },
      ];

/** Where scripts of recipes are. */
export const SCRIPTS = '/usr/local/lib/scalarium';
