import fc from 'fast-check';
import { judgeEdits } from '../../../../controllers/instances/consent.js';
import { createFleets } from '../../../../controllers/instances/fleets.js';
import type { Live, Objects } from '../../../../store/objects/objects.js';
import { cluster, instance, machine, role } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('what the roles of a cluster share');

interface Cached {
  cluster: Live<'Cluster'> | null;
  readonly roles: Map<string, Live<'Role'>>;
  readonly instances: Map<string, Live<'Instance'>>;
}

const sorted = <A extends Live>(all: ReadonlyMap<string, A>): readonly A[] =>
  [...all].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, live]) => live);

/** A cache that holds these. */
const over = (cached: Cached): Objects =>
  ({
    get: () => cached.cluster,
    list: (kind: string) => sorted<Live>(kind === 'Role' ? cached.roles : cached.instances),
  }) as unknown as Objects;

const step = fc.record({
  what: fc.constantFrom('slot', 'slot', 'slot', 'noSlot', 'role', 'noRole', 'cluster'),
  role: fc.constantFrom('app', 'db', 'web'),
  number: fc.integer({ min: 1, max: 4 }),
  flag: fc.boolean(),
  deleted: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer A> ? A : never;

const DELETION = { at: '2026-01-01T00:00:00.000Z', revision: 20 };

const apply = (cached: Cached, { what, role: of, number, flag, deleted }: Step): void => {
  const name = `${of}-${String(number)}`;
  const deletion = deleted ? DELETION : null;
  if (what === 'slot')
    cached.instances.set(name, instance(name, { deletion, status: flag ? { machine: machine(name) } : {} }));
  else if (what === 'noSlot') cached.instances.delete(name);
  else if (what === 'role') cached.roles.set(of, role(of, { deletion, spec: { replicas: number } }));
  else if (what === 'noRole') cached.roles.delete(of);
  else cached.cluster = flag ? cluster('shop', { deletion }) : null;
};

test('edits are judged as if all were looked at anew, whatever came, went and changed', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const cached: Cached = { cluster: cluster(), roles: new Map(), instances: new Map() };
      const fleets = createFleets(over(cached));
      for (const one of steps) {
        apply(cached, one);
        const { cluster: live, roles, instances } = cached;
        const fleet = fleets.of('shop');
        const anew = judgeEdits({ cluster: live, roles: sorted(roles), instances: sorted(instances) });
        assert.equal(fleet.consent(), anew);
        const slots = fleet.slotsOf('app').map(({ ref }) => ref.name);
        assert.equal(
          [...slots].sort(),
          [...instances.keys()].filter((name) => name.startsWith('app-')).sort(),
        );
      }
    }),
    { numRuns: 200 },
  );
});

test('a change of one role costs what that role is made of, however many others there are', () => {
  let looks = 0;
  const watched = (live: Live<'Instance'>): Live<'Instance'> =>
    new Proxy(live, {
      get: (target, field) => {
        looks += 1;
        return Reflect.get(target, field) as unknown;
      },
    });
  const names = Array.from({ length: 2000 }, (_name, index) => `role${String(index)}`);
  const cached: Cached = {
    cluster: cluster(),
    roles: new Map(names.map((name) => [name, role(name)])),
    instances: new Map(names.map((name) => [`${name}-1`, watched(instance(`${name}-1`))])),
  };
  const objects = over(cached);
  const instances = objects.list('Instance', 'shop');
  const fleets = createFleets({
    ...objects,
    list: ((kind: 'Role' | 'Instance') =>
      kind === 'Role' ? sorted(cached.roles) : instances) as Objects['list'],
  });
  fleets.of('shop').consent();
  looks = 0;
  for (const name of names) {
    cached.roles.set(name, role(name, { status: { replicas: 1 } }));
    const fleet = fleets.of('shop');
    fleet.consent();
    fleet.slotsOf(name);
  }
  assert.ok(
    looks < 50 * names.length,
    `${String(looks)} looks at instances for ${String(names.length)} changes`,
  );
});
