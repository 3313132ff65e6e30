/** Hollow hosts: many machines, one process. */
import { TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { join } from 'node:path';
import { startHosts } from '../../local-cloud/hosts/main.js';
import type { Boot } from '../../local-cloud/hosts/driver.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { untilState, withCloud } from '../build/local-cloud.js';
import { eventually, hostsCloud, launchHosts } from '../build/hosts.js';
import { assert, suite } from '../suite.js';

const test = suite('hollow hosts');

/** Agents that live until they are stopped or let die. */
const hollowWorld = () => {
  const alive = new Map<string, { readonly boot: Boot; die(): void }>();
  const boot = (given: Boot) => {
    let die = (): void => undefined;
    const done = new Promise<void>((resolve) => {
      die = () => {
        alive.delete(given.machine);
        resolve();
      };
    });
    alive.set(given.machine, { boot: given, die });
    const stop = (): Promise<void> => {
      die();
      return done;
    };
    return { done, stop };
  };
  return { alive, boot };
};

test(
  'thousands boot within seconds; one that dies is reported, terminated ones end',
  withCloud(async ({ cloud, ec2, admin, directory }) => {
    const world = hollowWorld();
    const around = { clock: systemClock, chance: systemChance, log: silentLog };
    const start = () =>
      startHosts({
        driver: { kind: 'hollow', boot: world.boot },
        cloud: hostsCloud(cloud),
        admin,
        directory: join(directory, 'hosts'),
        ...around,
      });
    const hosts = await start();
    const batches = await Promise.all([1, 2].map(() => launchHosts(ec2, 1000)));
    const ids = batches.flat();
    await eventually('all booted', () => world.alive.size === ids.length);
    assert.is(new Set([...world.alive.values()].map(({ boot }) => boot.address)).size, ids.length);
    assert.is((await admin.calls()).calls['hosts'], undefined);
    const [dying = '', going = ''] = ids;
    world.alive.get(dying)!.die();
    await untilState(ec2, [dying], 'terminated');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [going] }));
    await eventually('the terminated one ended', () => hosts.list().length === ids.length - 2);
    await hosts.close({ stopMachines: false });
    assert.is(world.alive.size, 0);
    const again = await start();
    await eventually('all booted again', () => world.alive.size === ids.length - 2);
    await again.close({ stopMachines: true });
  }),
);
