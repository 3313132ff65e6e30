/** The list of controllers of a control plane, and what each is given. */
import type { AgentRelease } from '../api-types/agent-release.js';
import type { Clouds } from '../cloud/cloud.js';
import type { Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import type { Controller } from '../runtime/controller.js';
import type { Hosts } from '../runtime/hosts.js';
import type { Log } from '../runtime/log.js';
import type { Sealer } from '../runtime/sealing.js';
import type { Shelf } from '../runtime/shelf.js';
import type { Objects } from '../store/objects/objects.js';
import type { Ownership } from '../store/ownership.js';
import type { Store } from '../store/store.js';
import { driftController } from './drift/controller.js';
import { deploymentsController } from './deployments/controller.js';
import { cookbooksController } from './cookbooks/controller.js';
import { healingController } from './healing/controller.js';
import { instancesController } from './instances/controller.js';
import { lifecycleController } from './lifecycle/controller.js';
import { membershipController } from './membership/controller.js';
import type { Balancer } from './membership/observe.js';
import { retentionController } from './retention/controller.js';
import { secretsController } from './secrets/controller.js';
import { builtInNeeds } from './secret-needs.js';
import { sweeperController } from './sweeper/controller.js';

/** No kind says yet which load balancers of its cloud a cluster has. */
const balancersOf = (): readonly Balancer[] => [];

export interface ControllerDependencies {
  readonly store: Store;
  readonly objects: Objects;
  readonly clouds: Clouds;
  readonly ownership: Ownership;
  readonly hosts: Hosts;
  readonly installationKey: Buffer;
  readonly sealer: Sealer;
  /** Where packs of cookbooks are. */
  readonly shelf: Shelf;
  /** Where packs of applications are. */
  readonly artifacts: Shelf;
  /** Folders of this machine may be sources. */
  readonly localSources: boolean;
  /** Aborts when the control plane ends: what takes long is cut off. */
  readonly stopped: AbortSignal;
  readonly gateways: () => readonly string[];
  readonly authority: string | null;
  /** The agent that bare images fetch; null: none was built. */
  readonly release: () => AgentRelease | null;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** All of them; the loop that runs each is the manager's. */
export const controllersOf = (on: ControllerDependencies): readonly Controller[] => [
  instancesController(on),
  lifecycleController({ ...on, balancersOf }),
  membershipController({ ...on, balancersOf }),
  healingController(on),
  sweeperController({ ...on, hold: () => false }),
  retentionController(on),
  secretsController({ ...on, needs: builtInNeeds }),
  driftController(on),
  cookbooksController(on),
  deploymentsController(on),
];
