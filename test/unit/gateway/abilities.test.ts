import { ABILITIES, type Ability } from '../../../api-types/agent-protocol.js';
import type { DeployOrder } from '../../../api-types/deploy-order.js';
import type { LifecycleEventStatus } from '../../../api-types/kinds/lifecycle-event.js';
import { needsOf, refusalOf } from '../../../server/gateway/abilities.js';
import { Orders } from '../../../server/gateway/orders.js';
import { release } from '../../build/releases.js';
import { fakeObjects, ref } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const abilities = suite('agents that are older than the control plane');

interface Row {
  readonly name: string;
  readonly event: Pick<LifecycleEventStatus, 'event' | 'recipes' | 'dryRun' | 'deployment'>;
  readonly needs: readonly Ability[];
  readonly can?: readonly string[];
  /** What the host is too old for; null: it is sent the event. */
  readonly refused: string | null;
}

const STEP: DeployOrder = { uid: 'u', deployment: 'web-1', application: 'web', step: 'prepare' };

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
    name: 'a step of a Deployment would be a deploy of everything',
    event: { event: 'deploy', deployment: STEP },
    needs: ['deploy', 'releases'],
    can: ['deploy', 'undeploy', 'recipes', 'dryRun'],
    refused: 'releases of applications',
  },
  {
    name: 'its undeploy an undeploy of everything',
    event: { event: 'undeploy', deployment: { ...STEP, step: 'undeploy' } },
    needs: ['undeploy', 'releases'],
    can: ['undeploy', 'releases'],
    refused: null,
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

interface Away {
  readonly name: string;
  readonly deployment: { readonly phase: 'Rolling' | 'Succeeded' | 'Failed' } | null;
  /** The number of the release in force. */
  readonly current?: number;
  readonly sent: readonly string[];
}

const AWAY: readonly Away[] = [
  {
    name: 'while it goes on: all of it',
    deployment: { phase: 'Rolling' },
    current: 1,
    sent: ['prepare', 'activate 2', 'finish', 'activate 1'],
  },
  {
    name: 'it succeeded: the release that is in force',
    deployment: { phase: 'Succeeded' },
    current: 2,
    sent: ['activate 2', 'finish'],
  },
  {
    name: 'it failed: the one of before, which is in force again',
    deployment: { phase: 'Failed' },
    current: 1,
    sent: ['finish', 'activate 1'],
  },
  {
    name: 'another release came into force since: none of it',
    deployment: { phase: 'Succeeded' },
    current: 3,
    sent: ['finish'],
  },
  {
    name: 'it failed, and there was none before: none of it',
    deployment: { phase: 'Failed' },
    sent: ['finish'],
  },
  {
    name: 'nobody knows it any more: as one that has ended',
    deployment: null,
    current: 2,
    sent: ['activate 2', 'finish'],
  },
];

for (const { name, deployment, current, sent } of AWAY)
  abilities(`a host that was away for a Deployment; ${name}`, () => {
    const objects = fakeObjects();
    const source = { type: 'git', url: 'https://git.example/web.git' };
    const application = { spec: { type: 'nodejs', source } };
    objects.has(
      ref('Application', 'shop', 'web'),
      application,
      current === undefined ? {} : { current: release(current) },
    );
    const spec = { application: 'web', command: 'deploy' };
    const of = objects.has(ref('Deployment', 'shop', 'web-1'), { spec }, deployment ?? {});
    // another one of its name is there by now
    const uid = deployment === null ? 'before' : of.uid;
    const steps = [
      { step: 'prepare', release: release(2) },
      { step: 'activate', release: release(2) },
      { step: 'finish' },
      { step: 'activate', release: release(1) },
    ];
    const targets = [{ instance: 'app-1', machine: 'i-1' }];
    const told = { event: 'deploy', cause: '', createdAt: AT, snapshot: { version: 1, digest: '' }, targets };
    for (const [at, step] of steps.entries())
      objects.has(
        ref('LifecycleEvent', 'shop', `release-${String(at)}`),
        { spec: {} },
        { ...told, deployment: { ...STEP, uid, ...step } },
      );
    const orders = new Orders(objects).from('i-1', 0);
    const shown = orders.map(({ name: event }) => {
      const { step, release: which } = steps[Number(event.slice('release-'.length))]!;
      return step === 'activate' ? `${step} ${String(which?.number)}` : step;
    });
    assert.equal(shown, sent);
  });

abilities(
  'a host that reconnects takes away an Application that was deleted, and no other of its name',
  () => {
    const objects = fakeObjects();
    const application = {
      spec: { type: 'nodejs', source: { type: 'git', url: 'https://git.example/web.git' } },
    };
    const of = ref('Application', 'shop', 'web');
    const { uid } = objects.has(of, application, { current: release(1) });
    const targets = [{ instance: 'app-1', machine: 'i-1' }];
    const told = {
      event: 'undeploy',
      cause: '',
      createdAt: AT,
      snapshot: { version: 1, digest: '' },
      targets,
    };
    const tells = (name: string, whose: string): void => {
      const deployment = { uid: whose, deployment: 'web', application: 'web', step: 'undeploy' };
      objects.has(ref('LifecycleEvent', 'shop', name), { spec: {} }, { ...told, deployment });
    };
    tells('release-undeploy-before-0', 'before');
    tells('release-undeploy-now-0', uid);
    const sent = (): readonly string[] => new Orders(objects).from('i-1', 0).map(({ name }) => name);
    assert.equal(sent(), []);
    objects.deleteRaw(of);
    assert.equal(sent(), ['release-undeploy-now-0']);
  },
);
