/**
 * Who writes which field and which condition of a status. Each has one writer, so that merge patches of several never
 * collide. `keeper` is store/objects, `gateway` and `server` are the API process. Events are not here: one write, by
 * whoever tells it.
 */
import type { KindName, StatusOf } from '../api-types/kinds.js';

export type Writer =
  | 'clouds'
  | 'cookbooks'
  | 'instances'
  | 'lifecycle'
  | 'healing'
  | 'sweeper'
  | 'drift'
  | 'deployments'
  | 'membership'
  | 'keeper'
  | 'gateway'
  | 'server';

interface Owned<K extends KindName> {
  readonly fields?: readonly Exclude<keyof StatusOf<K>, 'conditions'>[];
  readonly conditions?: readonly string[];
}

/** By kind and writer. */
export const OWNERS: {
  readonly [K in Exclude<KindName, 'Event'>]: Readonly<Partial<Record<Writer, Owned<K>>>>;
} = {
  Cloud: {
    clouds: {
      fields: ['observedGeneration', 'appliedGeneration', 'honoursClientTokens', 'zones'],
      conditions: ['Ready', 'Reconciling', 'Stalled'],
    },
    keeper: { conditions: ['Valid'] },
  },
  Cluster: {
    instances: {
      fields: ['observedGeneration', 'appliedGeneration', 'zones', 'imageId', 'hosts', 'readyHosts'],
      conditions: ['Ready', 'Reconciling', 'Stalled', 'ConsentRequired'],
    },
    lifecycle: { fields: ['snapshot'], conditions: ['Configured'] },
    healing: { conditions: ['HealingAllowed'] },
    cookbooks: { fields: ['cookbooks', 'cookbookSources'], conditions: ['CookbooksReady'] },
    sweeper: { fields: ['strangers'] },
    drift: { conditions: ['Drifted'] },
    server: { fields: ['consentRevision'] },
    keeper: { conditions: ['Valid'] },
  },
  User: { server: { fields: ['password', 'tokens'] }, keeper: { conditions: ['Valid'] } },
  Grant: { keeper: { conditions: ['Valid'] } },
  Secret: { keeper: { conditions: ['Valid'] } },
  Role: {
    instances: {
      fields: [
        'observedGeneration',
        'appliedGeneration',
        'replicas',
        'readyReplicas',
        'batches',
        'tombstones',
        'launchFailures',
        'launchNotBefore',
      ],
      conditions: ['Ready', 'Reconciling', 'Stalled', 'ConsentRequired'],
    },
    healing: { fields: ['replacements'], conditions: ['HealingAllowed'] },
    deployments: { fields: ['rollout'] },
    server: { fields: ['consentRevision'] },
    keeper: { conditions: ['Valid'] },
  },
  Instance: {
    instances: {
      fields: [
        'observedGeneration',
        'machine',
        'doomed',
        'stop',
        'requestedAt',
        'rebooted',
        'restart',
        'wishRestart',
      ],
      conditions: ['Launched', 'Reconciling', 'Stalled'],
    },
    lifecycle: {
      fields: ['setup', 'deploy', 'configure', 'shutdown', 'rebootWish'],
      conditions: ['SetupDone', 'Deployed', 'Configured', 'Ready', 'Accounts'],
    },
    healing: { fields: ['remediation'], conditions: ['Healthy'] },
    drift: { conditions: ['Drifted'] },
    deployments: { fields: ['applications'] },
    gateway: { fields: ['agent'] },
    keeper: { conditions: ['Valid'] },
  },
  Run: {
    lifecycle: {
      fields: [
        'observedGeneration',
        'phase',
        'startedAt',
        'finishedAt',
        'total',
        'succeeded',
        'failed',
        'hosts',
        'failures',
        'events',
        'changed',
        'diffs',
        'diffsLeftOut',
      ],
      conditions: ['Ready', 'Reconciling', 'Stalled', 'Complete'],
    },
    keeper: { conditions: ['Valid'] },
  },
  Application: {
    deployments: {
      fields: [
        'observedGeneration',
        'appliedGeneration',
        'lastNumber',
        'current',
        'releases',
        'deployment',
        'hosts',
        'currentHosts',
        'deployedAt',
        'decided',
      ],
      conditions: ['Ready', 'Reconciling', 'Stalled', 'Locked'],
    },
    keeper: { conditions: ['Valid'] },
  },
  Deployment: {
    deployments: {
      fields: [
        'observedGeneration',
        'phase',
        'startedAt',
        'finishedAt',
        'by',
        'from',
        'release',
        'strategy',
        'application',
        'batch',
        'batches',
        'pausedAt',
        'answered',
        'migrated',
        'change',
        'hosts',
        'events',
      ],
      conditions: ['Ready', 'Reconciling', 'Stalled', 'Complete'],
    },
    lifecycle: { fields: ['told'] },
    membership: { fields: ['moved'] },
    keeper: { conditions: ['Valid'] },
  },
  LifecycleEvent: {
    lifecycle: {
      fields: [
        'event',
        'cause',
        'createdAt',
        'snapshot',
        'targets',
        'diff',
        'run',
        'recipes',
        'dryRun',
        'timeoutSeconds',
      ],
    },
    // an event of a Deployment is made by deployments, whole
    deployments: { fields: ['deployment'] },
  },
};
