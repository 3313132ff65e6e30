import { judgeEdits } from '../../../../controllers/instances/consent.js';
import { wantedOf } from '../../../../controllers/instances/wanted.js';
import type { RoleRollout } from '../../../../api-types/kinds/role.js';
import type { Live } from '../../../../store/objects/objects.js';
import { cluster, instance, readyInstance, role } from '../../../build/objects.js';
import { ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { SHOP, createWorld, type World } from './world.js';

const test = suite('which slots of a role are wanted');

const rollout = (surge: number, retire: readonly number[] = []): RoleRollout => ({
  deployment: 'web-1',
  surge,
  retire: retire.map((number) => `app-${String(number)}`),
});

interface Row {
  readonly name: string;
  readonly replicas: number;
  readonly rollout?: RoleRollout;
  /** Numbers of Instances; negative: one that is being deleted. */
  readonly there: readonly number[];
  readonly wanted: readonly number[];
  readonly missing?: readonly number[];
}

const ROWS: readonly Row[] = [
  { name: 'as many as there are', replicas: 3, there: [1, 2, 3], wanted: [1, 2, 3] },
  { name: 'none yet', replicas: 2, there: [], wanted: [1, 2], missing: [1, 2] },
  { name: 'scaled down: the last goes', replicas: 2, there: [1, 2, 3], wanted: [1, 2] },
  { name: 'scaled down to nothing', replicas: 0, there: [1, 2], wanted: [] },
  { name: 'one is deleted: its slot is filled again', replicas: 3, there: [1, -2, 3], wanted: [1, 2, 3] },
  { name: 'and once it is gone, made anew', replicas: 3, there: [1, 3], wanted: [1, 2, 3], missing: [2] },
  {
    name: 'one is deleted, and one is enough less: nobody else goes',
    replicas: 2,
    there: [1, -2, 3],
    wanted: [1, 3],
  },
  {
    name: 'a Deployment needs as many again: the next free names',
    replicas: 3,
    rollout: rollout(3),
    there: [1, 2, 3],
    wanted: [1, 2, 3, 4, 5, 6],
    missing: [4, 5, 6],
  },
  {
    name: 'its new hosts have their place: those of before go, not the last',
    replicas: 3,
    rollout: rollout(0, [1, 2, 3]),
    there: [1, 2, 3, 4, 5, 6],
    wanted: [4, 5, 6],
  },
  {
    name: 'a new one is lost meanwhile: one of before stays',
    replicas: 3,
    rollout: rollout(0, [1, 2, 3]),
    there: [1, 2, 3, 4, 5],
    wanted: [1, 4, 5],
  },
  { name: 'afterwards the numbers stay as they are', replicas: 3, there: [4, 5, 6], wanted: [4, 5, 6] },
  {
    name: 'scaled up after it: the lowest free name',
    replicas: 4,
    there: [4, 5, 6],
    wanted: [1, 4, 5, 6],
    missing: [1],
  },
  {
    name: 'the next Deployment uses names that are free again',
    replicas: 2,
    rollout: rollout(2),
    there: [3, 4],
    wanted: [1, 2, 3, 4],
    missing: [1, 2],
  },
  {
    name: 'it is given up: its hosts go',
    replicas: 2,
    rollout: rollout(0, [1, 2]),
    there: [1, 2, 3, 4],
    wanted: [3, 4],
  },
  {
    name: 'hosts of before still end when it needs more: their names are waited for',
    replicas: 1,
    rollout: rollout(1),
    there: [-1, 2],
    wanted: [1, 2],
  },
  {
    name: 'a role that is scaled to nothing has no surplus',
    replicas: 0,
    rollout: rollout(3),
    there: [1],
    wanted: [],
  },
];

const app = (replicas: number, of?: RoleRollout): Live<'Role'> =>
  role('app', { spec: { replicas }, ...(of === undefined ? {} : { status: { rollout: of } }) });

const slot = (number: number): Live<'Instance'> =>
  instance(`app-${String(Math.abs(number))}`, {
    deletion: number < 0 ? { at: '2026-01-01T00:00:00.000Z', revision: 20 } : null,
  });

for (const { name, replicas, rollout: of, there, wanted, missing = [] } of ROWS)
  test(name, () => {
    const found = wantedOf(app(replicas, of), [instance('db-1'), ...there.map(slot)]);
    assert.equal(
      [...found.slots].sort((a, b) => a - b),
      wanted,
    );
    assert.equal(
      found.missing,
      missing.map((number) => `app-${String(number)}`),
    );
  });

test('hosts that a Deployment has put others in the place of go without consent; those of an edit do not', () => {
  const instances = [1, 2, 3, 4, 5, 6].map((number) => readyInstance(`app-${String(number)}`));
  const judged = (replicas: number, of: RoleRollout) =>
    judgeEdits({ cluster: cluster(), roles: [app(replicas, of)], instances });
  assert.equal(judged(3, rollout(0, [1, 2, 3])).edits, []);
  const edited = judged(1, rollout(0, [1, 2, 3]));
  assert.equal(
    edited.edits.map(({ hosts }) => hosts),
    [['app-5', 'app-6']],
  );
  const large = judged(1, rollout(0));
  assert.equal(large.parked.length, 1, 'without its word they are an edit like any other');
});

const tells = (world: World, of: RoleRollout | null): Promise<unknown> =>
  world.objects.write(null, [{ write: 'status', ref: world.roleRef(), patch: { rollout: of } }])();

const names = (world: World): readonly string[] =>
  world.objects.list('Instance', SHOP).map(({ ref: { name } }) => name);

/** Ready and Reconciling. */
const conditions = (world: World): readonly (string | undefined)[] => {
  const found = world.objects.get(ref('Role', SHOP, 'app'))?.status.conditions;
  return [found?.['Ready']?.status, found?.['Reconciling']?.status];
};

test('a second set of hosts comes, and the first one goes, told to shut down first', async () => {
  const world = createWorld({ replicas: 2 });
  await world.rest(2);
  await tells(world, rollout(2));
  await world.rest(4);
  assert.equal(names(world), ['app-1', 'app-2', 'app-3', 'app-4']);
  await tells(world, rollout(0, [1, 2]));
  await world.rest(2);
  assert.equal(names(world), ['app-3', 'app-4']);
  await tells(world, null);
  await world.ticks(5);
  assert.equal(names(world), ['app-3', 'app-4']);
  assert.is(world.cloud.alive().length, 2);
  assert.equal(conditions(world), ['True', 'False']);
});

test('while its new hosts come up a role is as Ready as its own', async () => {
  const world = createWorld({ replicas: 2 });
  await world.rest(2);
  await world.ticks(2);
  world.allDeaf = true;
  await tells(world, rollout(2));
  await world.ticks(3);
  assert.equal(conditions(world), ['True', 'True']);
});
