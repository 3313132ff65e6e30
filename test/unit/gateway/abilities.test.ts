import { ABILITIES, type Ability } from '../../../api-types/agent-protocol.js';
import type { LifecycleEventStatus } from '../../../api-types/kinds/lifecycle-event.js';
import { needsOf, refusalOf } from '../../../server/gateway/abilities.js';
import { Orders } from '../../../server/gateway/orders.js';
import { fakeObjects, ref } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const abilities = suite('agents that are older than the control plane');

interface Row {
  readonly name: string;
  readonly event: Pick<LifecycleEventStatus, 'event' | 'recipes' | 'dryRun'>;
  readonly needs: readonly Ability[];
  readonly can?: readonly string[];
  /** What the host is too old for; null: it is sent the event. */
  readonly refused: string | null;
}

const TABLE: readonly Row[] = [
  { name: 'setup: everybody can', event: { event: 'setup' }, needs: [], refused: null },
  {
    name: 'configure that touches: everybody can',
    event: { event: 'configure', dryRun: false },
    needs: [],
    refused: null,
  },
  { name: 'shutdown: everybody can', event: { event: 'shutdown' }, needs: [], refused: null },
  {
    name: 'a dry run would be carried out',
    event: { event: 'configure', dryRun: true },
    needs: ['dryRun'],
    refused: 'dry runs',
  },
  { name: 'deploy would be dropped', event: { event: 'deploy' }, needs: ['deploy'], refused: 'deploy' },
  { name: 'undeploy too', event: { event: 'undeploy' }, needs: ['undeploy'], refused: 'undeploy' },
  {
    name: 'recipes would be a whole configure',
    event: { event: 'configure', recipes: ['shop::site'], dryRun: true },
    needs: ['recipes', 'dryRun'],
    refused: 'runs of recipes and dry runs',
  },
  {
    name: 'one that can some of it is told the rest',
    event: { event: 'configure', recipes: ['shop::site'], dryRun: true },
    needs: ['recipes', 'dryRun'],
    can: ['recipes', 'more'],
    refused: 'dry runs',
  },
  {
    name: 'one that can all of it',
    event: { event: 'deploy', dryRun: true },
    needs: ['deploy', 'dryRun'],
    can: ABILITIES,
    refused: null,
  },
];

const AT = '2026-01-01T00:00:00.000Z';
const PLACE = {
  cluster: 'shop',
  instance: 'app-1',
  uid: 'u',
  role: 'app',
  roles: [],
  batch: 'b',
  machine: 'i-1',
  spoken: true,
};

for (const { name, event, needs, can = [], refused } of TABLE)
  abilities(name, () => {
    assert.equal(needsOf(event), needs);
    const link = {
      host: { machine: 'i-1', place: PLACE, remote: '' },
      agent: { version: '0.0.1', can },
    };
    const result = refusalOf(link, { name: 'e-1', needs }, AT);
    const message = `the agent on app-1 (version 0.0.1) is too old for ${refused ?? ''}: update it or replace the host`;
    const times = { startedAt: AT, finishedAt: AT };
    const failed = { event: 'e-1', instance: 'app-1', machine: 'i-1', state: 'failed', attempt: 1, message };
    assert.equal(result, refused === null ? null : { ...failed, ...times });
  });

abilities('what an old agent refused is not carried out by the next one once its Run has ended', () => {
  const objects = fakeObjects();
  const spec = { event: 'configure', dryRun: true };
  const run = objects.has(ref('Run', 'shop', 'look'), { spec });
  const targets = [{ instance: 'app-1', machine: 'i-1' }];
  const told = { cause: '', createdAt: AT, snapshot: { version: 1, digest: '' }, targets, run: run.uid };
  const event = (name: string, more: object): void => {
    objects.has(ref('LifecycleEvent', 'shop', name), { spec: {} }, { event: 'configure', ...told, ...more });
  };
  event('run-configure-1', {});
  event('run-configure-2', { dryRun: true });
  const orders = new Orders(objects);
  const names = (): readonly string[] => orders.from('i-1', 0).map(({ name }) => name);
  assert.equal(names(), ['run-configure-1', 'run-configure-2']);
  objects.has(ref('Run', 'shop', 'look'), { spec }, { finishedAt: AT });
  assert.equal(names(), ['run-configure-1']);
});
