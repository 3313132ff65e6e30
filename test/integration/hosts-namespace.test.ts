/** Namespace hosts: own roots, networks and processes, in a network that is thrown away. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endHosts } from '../../local-cloud/hosts/leftovers.js';
import type { HostEntry } from '../../local-cloud/hosts/host-file.js';
import type { RunningHosts } from '../../local-cloud/hosts/main.js';
import { whyNoNamespaceHosts } from '../../local-cloud/hosts/namespace/refusals.js';
import { systemClock } from '../../runtime/clock.js';
import { bootsOn, eventually, launchHosts, startFakeHosts } from '../build/hosts.js';
import { withCloud } from '../build/local-cloud.js';
import { inOwnNetwork, isOwnNetwork, noOwnNetwork } from '../build/own-network.js';
import { hostScenes } from '../conformance/hosts.js';
import { assert, suite } from '../suite.js';

const run = (program: string, ...args: readonly string[]): string =>
  execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Runs a shell script in the host, as root. */
const inHost = ({ pid }: HostEntry, script: string): string =>
  run('nsenter', '--target', String(pid), '--all', 'sh', '-c', script).trim();

const bridges = (): readonly string[] =>
  (JSON.parse(run('ip', '-json', 'link', 'show')) as readonly { readonly ifname: string }[])
    .map(({ ifname }) => ifname)
    .filter((name) => name.startsWith('scl'));

const booted = async (hosts: RunningHosts, count: number): Promise<readonly HostEntry[]> => {
  await eventually(`${String(count)} hosts booted`, () => {
    const entries = hosts.list();
    return (
      entries.length === count && entries.every(({ pid, root }) => pid !== null && bootsOn(root).length > 0)
    );
  });
  return hosts.list();
};

const namespaceHosts = (): void => {
  hostScenes('namespace');
  const test = suite('namespace hosts');

  test(
    'each has its own name, address, processes and files; what it changes, nobody else sees',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      await launchHosts(ec2, 2);
      const [one, other] = await booted(hosts, 2);
      assert.is(inHost(one!, 'cat /proc/sys/kernel/hostname'), one!.machine);
      assert.match(inHost(one!, 'ip -4 address show dev eth0'), new RegExp(`inet ${one!.address}/24`));
      assert.is(inHost(one!, 'cat /proc/1/comm'), 'sh');
      assert.is.not(inHost(one!, 'ls /proc').includes(String(process.pid)), true);
      const mark = join('/opt', `scalarium-test-${String(process.pid)}`);
      inHost(one!, `echo mine >${mark}; rm /etc/os-release`);
      assert.is(inHost(one!, `cat ${mark}`), 'mine');
      assert.is(existsSync(mark), false);
      assert.is(existsSync('/etc/os-release'), true);
      assert.is(inHost(other!, `ls ${mark} 2>/dev/null || echo none`), 'none');
      assert.is(inHost(other!, `ls -A ${directory} 2>/dev/null || echo hidden`), 'hidden');
      assert.is(inHost(other!, 'ls -A /home /root | tr -d "\\n"'), '/home:/root:');
      assert.is(inHost(other!, 'echo 1 2>/dev/null >/proc/sys/vm/swappiness || echo refused'), 'refused');
      assert.is(
        inHost(other!, 'echo 1024 >/proc/sys/net/core/somaxconn && cat /proc/sys/net/core/somaxconn'),
        '1024',
      );
      await hosts.close({ stopMachines: true });
    }),
  );

  test(
    'hosts reach each other, and a gateway that listens on the loopback of the machine',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const gateway = createServer((_, answer) => answer.end('the gateway'));
      await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${String((gateway.address() as AddressInfo).port)}/`;
      const start = (): Promise<RunningHosts> =>
        startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      const hosts = await start();
      await launchHosts(ec2, 2, url);
      const [one, other] = await booted(hosts, 2);
      const node = (host: HostEntry, script: string): string =>
        inHost(host, `/run/scalarium/node -e '${script}'`);
      const ask = (): string =>
        inHost(
          one!,
          `/run/scalarium/node -e 'fetch("${url}").then((a) => a.text()).then(console.log, () => console.log("none"))'`,
        );
      await eventually('the gateway answers', async () => Promise.resolve(ask() === 'the gateway'));
      inHost(
        other!,
        `setsid /run/scalarium/node -e 'require("http").createServer((q, a) => a.end("other")).listen(8080)' >/dev/null 2>&1 &`,
      );
      const fetched = `fetch("http://${other!.address}:8080").then((a) => a.text()).then(console.log, () => console.log("none"))`;
      await eventually('the other host answers', () => node(one!, fetched) === 'other');
      await eventually('and answers the machine', async () => {
        const answer = await fetch(`http://${other!.address}:8080`).catch(() => null);
        return (await answer?.text()) === 'other';
      });
      await hosts.close({ stopMachines: false });
      const again = await start();
      await eventually('the gateway answers again', () => ask() === 'the gateway');
      await again.close({ stopMachines: true });
      gateway.close();
    }),
  );

  test(
    'an agent that dies is started again, and its machine lives on',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      await launchHosts(ec2, 1);
      const [host] = await booted(hosts, 1);
      inHost(host!, `kill -9 ${String(bootsOn(host!.root)[0])}`);
      await eventually('another agent', () => bootsOn(host!.root).length === 2);
      assert.equal(hosts.list(), [host]);
      await hosts.close({ stopMachines: true });
    }),
  );

  test(
    'a package that is installed starts no service, and nothing that this machine starts runs in a host',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      await launchHosts(ec2, 1);
      const [host] = await booted(hosts, 1);
      assert.is(inHost(host!, '/usr/sbin/policy-rc.d any start; echo $?'), '101');
      assert.is(
        inHost(host!, 'systemctl list'),
        `scalarium-agent: running  process ${String(bootsOn(host!.root)[0])}`,
      );
      await hosts.close({ stopMachines: true });
    }),
  );

  test(
    'nothing is left: no bridge, no interface, no mount, no process',
    withCloud(async ({ cloud, ec2, admin, directory }) => {
      const mounts = (): string => readFileSync('/proc/self/mounts', 'utf8');
      const before = mounts();
      const first = await startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      await launchHosts(ec2, 2);
      await booted(first, 2);
      assert.is(bridges().length, 3);
      await first.close({ stopMachines: false });
      assert.is(mounts(), before);
      assert.is(bridges().length, 3);
      assert.is(await endHosts(join(directory, 'hosts'), systemClock), 2);
      assert.equal(
        bridges().filter((name) => !name.includes('h')),
        [],
      );
      await eventually('the interfaces go', () => bridges().length === 0);
      const second = await startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      const [host] = await booted(second, 2);
      await second.close({ stopMachines: true });
      assert.is(existsSync(`/proc/${String(host!.pid)}/root/`), false);
      await eventually('the interfaces go again', () => bridges().length === 0);
      assert.is(mounts(), before);
    }),
  );

  test('what a machine lacks is said before anything is started', async () => {
    const directory = '/tmp/scalarium-no-hosts';
    try {
      assert.is(await whyNoNamespaceHosts(directory, '/'), null);
      assert.match(
        (await whyNoNamespaceHosts(directory, '/no/such')) ?? '',
        /--hosts-base \/no\/such: there is no such folder/,
      );
      assert.match(
        (await whyNoNamespaceHosts(directory, '/var')) ?? '',
        /no root of a system: bin\/sh, .* are not in it/,
      );
      assert.match(
        (await whyNoNamespaceHosts('/proc/hosts', '/')) ?? '',
        /cannot make a namespace host in \/proc\/hosts/,
      );
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
};

const why = await noOwnNetwork();
if (isOwnNetwork()) namespaceHosts();
else if (why === null) process.exitCode = await inOwnNetwork(fileURLToPath(import.meta.url));
else {
  const test = suite('namespace hosts');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** NAMESPACE HOSTS: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
