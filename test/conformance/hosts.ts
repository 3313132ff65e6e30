/** What every driver does whose hosts are processes, beside the local cloud: real processes, real signals. */
import {
  RebootInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../runtime/clock.js';
import { identify } from '../../runtime/process-identity.js';
import { describe, untilState, withCloud } from '../build/local-cloud.js';
import { bootsOn, eventually, launchHosts, startFakeHosts, type RealKind } from '../build/hosts.js';
import type { HostEntry } from '../../local-cloud/hosts/host-file.js';
import type { RunningHosts } from '../../local-cloud/hosts/main.js';
import { endHosts } from '../../local-cloud/hosts/leftovers.js';
import { assert, suite } from '../suite.js';

const pids = (hosts: RunningHosts): readonly number[] =>
  hosts
    .list()
    .map(({ pid }) => pid ?? 0)
    .sort((left, right) => left - right);

const ADDRESSES: Readonly<Record<RealKind, RegExp>> = {
  process: /^127\.\d+\.\d+\.\d+$/,
  namespace: /^10\.\d+\.\d+\.\d+$/,
};

export const hostScenes = (kind: RealKind): void => {
  const test = suite(`${kind} hosts, as every driver's`);

  /** In a namespace a process has another number than outside of it. */
  const isUp = ({ pid, root }: HostEntry): boolean =>
    pid !== null && (kind === 'process' ? bootsOn(root).includes(pid) : bootsOn(root).length > 0);

  const booted = (hosts: RunningHosts, count: number): Promise<void> =>
    eventually(`${String(count)} hosts booted`, () => {
      const entries = hosts.list();
      return entries.length === count && entries.every(isUp);
    });

  test(
    'each running machine has a process with its own root, address and configuration, as the local cloud tells it',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind });
      const ids = await launchHosts(ec2, 3);
      await booted(hosts, 3);
      const entries = hosts.list();
      assert.equal(entries.map(({ machine }) => machine).sort(), [...ids].sort());
      assert.is(new Set(entries.map(({ address }) => address)).size, 3);
      assert.match(entries[0]!.address, ADDRESSES[kind]);
      const root = kind === 'process' ? entries[0]!.root : `/proc/${String(entries[0]!.pid)}/root`;
      const config: unknown = JSON.parse(readFileSync(join(root, 'etc/scalarium/agent.json'), 'utf8'));
      assert.is((config as { role: string }).role, 'app');
      await hosts.close({ stopMachines: true });
    }),
  );

  test(
    'a process that is killed is a machine that died; the others stay as they are',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind });
      await launchHosts(ec2, 2);
      await booted(hosts, 2);
      const [victim, other] = hosts.list();
      process.kill(victim!.pid!, 'SIGKILL');
      const [dead] = await untilState(ec2, [victim!.machine], 'terminated');
      assert.is(dead!.StateReason!.Code, 'Server.InternalError');
      await eventually('the directory goes', () => !existsSync(victim!.root));
      assert.equal(hosts.list(), [other]);
      await hosts.close({ stopMachines: true });
      assert.is((await describe(ec2, [other!.machine]))[0]!.State!.Name, 'running');
    }),
  );

  test(
    'reboot, stop, start and terminate are done to the process',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind });
      const InstanceIds = [...(await launchHosts(ec2, 1))];
      await booted(hosts, 1);
      const { root, pid } = hosts.list()[0]!;
      await ec2.send(new RebootInstancesCommand({ InstanceIds }));
      await eventually('a second boot', () => bootsOn(root).length === 2);
      assert.is(identify(pid!), null);
      await booted(hosts, 1);
      await ec2.send(new StopInstancesCommand({ InstanceIds }));
      await eventually('no process', () => hosts.list()[0]?.pid === null);
      await untilState(ec2, InstanceIds, 'stopped');
      await ec2.send(new StartInstancesCommand({ InstanceIds }));
      await eventually('a third boot', () => bootsOn(root).length === 3);
      await ec2.send(new TerminateInstancesCommand({ InstanceIds }));
      await eventually('nothing left', () => hosts.list().length === 0 && !existsSync(root));
      await hosts.close({ stopMachines: true });
    }),
  );

  test(
    'a driver that was gone finds its hosts again; an orderly end stops them, and the next start boots them again',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const first = await startFakeHosts(directory, cloud, { admin, kind });
      await launchHosts(ec2, 2);
      await booted(first, 2);
      const before = pids(first);
      const refusal = await startFakeHosts(directory, cloud, { admin, kind }).catch(
        (error: unknown) => error,
      );
      assert.match(String(refusal), /in use by process \d+ \(hosts\)/);
      await first.close({ stopMachines: false });
      const second = await startFakeHosts(directory, cloud, { admin, kind });
      assert.equal(pids(second), before);
      process.kill(before[0]!, 'SIGKILL');
      await eventually('one is left', () => second.list().length === 1);
      const { machine, root, pid, address } = second.list()[0]!;
      await second.close({ stopMachines: true });
      assert.is(identify(pid!), null);
      assert.is((await describe(ec2, [machine]))[0]!.State!.Name, 'running');
      const third = await startFakeHosts(directory, cloud, { admin, kind });
      await booted(third, 1);
      assert.is(third.list()[0]!.address, address);
      await eventually('a second boot', () => bootsOn(root).length === 2);
      await third.close({ stopMachines: false });
      assert.is(await endHosts(join(directory, 'hosts'), systemClock), 1);
      assert.is((await describe(ec2, [machine]))[0]!.State!.Name, 'running');
    }),
  );

  test(
    'beside an endpoint without a feed it finds machines by describing, and tells of deaths by terminating',
    withCloud(async ({ cloud, ec2, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { kind });
      await launchHosts(ec2, 2);
      await booted(hosts, 2);
      const [victim] = hosts.list();
      process.kill(victim!.pid!, 'SIGKILL');
      const [dead] = await untilState(ec2, [victim!.machine], 'terminated');
      assert.is(dead!.StateReason!.Code, 'Client.UserInitiatedShutdown');
      await eventually('one is left', () => hosts.list().length === 1);
      await hosts.close({ stopMachines: true });
    }),
  );
};
