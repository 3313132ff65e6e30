/** Hosts that come and go as Roles are told, as the instances controller has it. */
import type { RoleRollout } from '../../../../api-types/kinds/role.js';
import type { Live } from '../../../../store/objects/objects.js';
import { ref } from '../../../fake/objects.js';
import { CLUSTER, type World } from './world.js';

export const blueGreen = (keepSeconds: number) => ({
  strategy: { type: 'blue-green' as const, keepSeconds },
});

const exists = (world: World, name: string): boolean => {
  const live = world.objects.get(ref('Instance', CLUSTER, name));
  return live !== null && live.deletion === null;
};

const countOf = (world: World): number =>
  world.objects.list('Instance', CLUSTER).filter(({ deletion }) => deletion === null).length;

const launch = (world: World, wanted: number): void => {
  for (let number = 1; countOf(world) < wanted; number += 1) {
    const name = `app-${String(number)}`;
    if (world.objects.get(ref('Instance', CLUSTER, name)) !== null) continue;
    world.objects.has(ref('Instance', CLUSTER, name), { spec: { role: 'app' } }, {});
    world.clock.after(1000 as never, () => {
      if (exists(world, name)) world.host(name, 1);
    });
  }
};

/** What the Role was told last; null: nothing, or not any more. */
export const rolloutOf = (world: World): RoleRollout | null =>
  world.objects.get(ref('Role', CLUSTER, 'app'))?.status.rollout ?? null;

/** Beside two hosts. `come` false: none does; `stays`: it does not go. */
export const withHostsThatCome = (world: World, come = true, stays = ''): void => {
  const follow = ({ surge, retire }: RoleRollout): void => {
    if (come && surge > 0) launch(world, 2 + surge);
    for (const name of retire)
      world.clock.after(500 as never, () => {
        if (name !== stays && exists(world, name)) world.objects.deleteRaw(ref('Instance', CLUSTER, name));
      });
  };
  world.objects.changes$.subscribe((changes) => {
    for (const { ref: of, after } of changes) {
      const gone = of.kind === 'Instance' && (after as Live<'Instance'> | null)?.deletion !== null;
      const now = of.kind === 'Role' || gone ? rolloutOf(world) : null;
      if (now !== null) follow(now);
    }
  });
};

/** Hosts that load balancers are to give nothing. */
export const outs = (world: World, name: string): string =>
  Object.entries(world.deployment(name).hosts ?? {})
    .filter(([, { out }]) => out === true)
    .map(([host]) => host)
    .sort()
    .join(' ');
