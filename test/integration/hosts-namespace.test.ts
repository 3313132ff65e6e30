/** Namespace hosts: own roots, networks and processes, in a network that is thrown away. */
import { RebootInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { endHosts } from '../../local-cloud/hosts/leftovers.js';
import type { HostEntry } from '../../local-cloud/hosts/host-file.js';
import type { RunningHosts } from '../../local-cloud/hosts/main.js';
import { whyNoNamespaceHosts } from '../../local-cloud/hosts/namespace/refusals.js';
import { systemClock } from '../../runtime/clock.js';
import { bootsOn, eventually, launchHosts, startFakeHosts } from '../build/hosts.js';
import { withCloud } from '../build/local-cloud.js';
import { isInstalled } from '../build/real-host.js';
import { inOwnNetwork, isOwnNetwork, noOwnNetwork } from '../build/own-network.js';
import { hostScenes } from '../conformance/hosts.js';
import { assert, suite } from '../suite.js';

const run = async (program: string, ...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)(program, [...args])).stdout.trim();

/** Runs a shell script in the host, as root; asynchronously, as what it talks to may be in this process. */
const inHost = ({ pid }: HostEntry, script: string): Promise<string> =>
  run('nsenter', '--target', String(pid), '--all', 'sh', '-c', script);

/** Runs a shell script as a service of the host, with the rights that services have; gives what it printed. */
const asService = async (host: HostEntry, script: string): Promise<string> => {
  const unit = '[Service]\\nType=oneshot\\nExecStart=-/bin/sh -c "sh /opt/script >/opt/said 2>&1"\\n';
  await inHost(
    host,
    `cat >/opt/script <<'END'\n${script}\nEND\nprintf '${unit}' >/etc/systemd/system/try.service`,
  );
  await inHost(host, 'systemctl start try');
  return inHost(host, 'cat /opt/said');
};

/** Makes a package with what most of them do: files of others, rights, a user, a script. */
const PACKAGE = `
set -e
mkdir -p /opt/tiny/DEBIAN /opt/tiny/usr/share/tiny
cd /opt/tiny
printf 'Package: scalarium-tiny\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: tiny\\n' >DEBIAN/control
printf '#!/bin/sh\\nset -e\\nchown daemon:daemon /usr/share/tiny/file\\nchmod 4750 /usr/share/tiny/file\\n' >DEBIAN/postinst
chmod 755 DEBIAN/postinst
echo x >usr/share/tiny/file
dpkg-deb --root-owner-group --build /opt/tiny /opt/tiny.deb`;

const fetching = (url: string): string =>
  `/run/scalarium/node -e 'fetch("${url}").then((a) => a.text()).then(console.log, () => console.log("none"))'`;

/** Interfaces that drivers have made. */
const interfaces = async (): Promise<readonly string[]> =>
  (JSON.parse(await run('ip', '-json', 'link', 'show')) as readonly { readonly ifname: string }[])
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

interface Bench {
  readonly ec2: EC2Client;
  readonly directory: string;
  readonly start: () => Promise<RunningHosts>;
}

/** A driver that is started again finds its hosts; all of them end with the test. */
const withHosts = (scene: (bench: Bench) => Promise<void>): (() => Promise<void>) =>
  withCloud(async ({ cloud, ec2, admin, directory }) => {
    const open = new Set<RunningHosts>();
    const start = async (): Promise<RunningHosts> => {
      const hosts = await startFakeHosts(directory, cloud, { admin, kind: 'namespace' });
      open.add(hosts);
      const close: RunningHosts['close'] = (how) => {
        open.delete(hosts);
        return hosts.close(how);
      };
      return { list: () => hosts.list(), close };
    };
    try {
      await scene({ ec2, directory, start });
    } finally {
      for (const hosts of open) await hosts.close({ stopMachines: true });
      await endHosts(join(directory, 'hosts'), systemClock);
    }
  });

const namespaceHosts = (): void => {
  hostScenes('namespace');
  const test = suite('namespace hosts');

  test(
    'each has its own name, address, processes and files; what it changes, nobody else sees',
    withHosts(async ({ ec2, directory, start }) => {
      const hosts = await start();
      await launchHosts(ec2, 2);
      const [one, other] = await booted(hosts, 2);
      assert.is(await inHost(one!, 'cat /proc/sys/kernel/hostname'), one!.machine);
      assert.match(await inHost(one!, 'ip -4 address show dev eth0'), new RegExp(`inet ${one!.address}/24`));
      assert.is(await inHost(one!, 'cat /proc/1/comm'), 'sh');
      assert.match(await inHost(one!, 'ls -d /proc/[0-9]* | wc -l'), /^[0-9]$/);
      const mark = join('/opt', `scalarium-test-${String(process.pid)}`);
      await inHost(one!, `echo mine >${mark}; rm /etc/os-release`);
      assert.is(await inHost(one!, `cat ${mark}`), 'mine');
      assert.is(existsSync(mark), false);
      assert.is(existsSync('/etc/os-release'), true);
      assert.is(await inHost(other!, `ls ${mark} 2>/dev/null || echo none`), 'none');
      assert.is(await inHost(other!, `ls -A ${directory} 2>/dev/null || echo hidden`), 'hidden');
      assert.is(await inHost(other!, 'ls -A /home /root | tr -d "\\n"'), '/home:/root:');
      assert.is(
        await inHost(other!, 'echo 1 2>/dev/null >/proc/sys/vm/swappiness || echo refused'),
        'refused',
      );
      assert.is(
        await inHost(other!, 'echo 1024 >/proc/sys/net/core/somaxconn && cat /proc/sys/net/core/somaxconn'),
        '1024',
      );
    }),
  );

  test(
    'hosts reach each other, and a gateway that listens on the loopback of the machine',
    withHosts(async ({ ec2, start }) => {
      const gateway = createServer((_, answer) => answer.end('the gateway'));
      await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${String((gateway.address() as AddressInfo).port)}/`;
      const hosts = await start();
      await launchHosts(ec2, 2, url);
      const [one, other] = await booted(hosts, 2);
      const ask = (): Promise<string> => inHost(one!, fetching(url));
      await eventually('the gateway answers', async () => (await ask()) === 'the gateway');
      await inHost(
        other!,
        `setsid /run/scalarium/node -e 'require("http").createServer((q, a) => a.end("other")).listen(8080)' >/dev/null 2>&1 &`,
      );
      const address = `http://${other!.address}:8080`;
      await eventually(
        'the other host answers',
        async () => (await inHost(one!, fetching(address))) === 'other',
      );
      await eventually('and answers the machine', async () => {
        const answer = await fetch(address).catch(() => null);
        return (await answer?.text()) === 'other';
      });
      await hosts.close({ stopMachines: false });
      await start();
      await eventually('the gateway answers again', async () => (await ask()) === 'the gateway');
      gateway.close();
    }),
  );

  test(
    'an agent that dies is started again, also when its program was replaced, and its machine lives on',
    withHosts(async ({ ec2, directory, start }) => {
      const hosts = await start();
      await launchHosts(ec2, 1);
      const [host] = await booted(hosts, 1);
      rmSync(join(directory, 'program'), { recursive: true });
      await inHost(host!, `kill -9 ${String(bootsOn(host!.root)[0])}`);
      await eventually('another agent', () => bootsOn(host!.root).length === 2);
      assert.equal(hosts.list(), [host]);
    }),
  );

  test(
    'links that a host has made of its own files lead the driver nowhere',
    withHosts(async ({ ec2, directory, start }) => {
      const outside = join(directory, 'outside');
      mkdirSync(outside);
      const hosts = await start();
      await launchHosts(ec2, 1);
      const [host] = await booted(hosts, 1);
      await inHost(
        host!,
        `cd /etc; rm -rf systemd/system scalarium hostname
        ln -s ${outside} systemd/system; ln -s ${outside} scalarium; ln -s ${outside}/hostname hostname`,
      );
      await ec2.send(new RebootInstancesCommand({ InstanceIds: [host!.machine] }));
      await eventually('it boots again', () => {
        const pid = hosts.list()[0]?.pid ?? null;
        return pid !== null && pid !== host!.pid;
      });
      assert.equal(readdirSync(outside), []);
    }),
  );

  test(
    "a host makes no device of the machine's, and still installs packages",
    withHosts(async ({ ec2, start }) => {
      const hosts = await start();
      await launchHosts(ec2, 1);
      const [host] = await booted(hosts, 1);
      const service = (script: string): Promise<string> => asService(host!, script);
      assert.match(await service('mknod /opt/disk b 8 0'), /Operation not permitted/);
      assert.match(await service('mkdir /opt/all; mount -t devtmpfs all /opt/all'), /permission denied/);
      assert.is(await service('echo x >/dev/null && head -c 1 /dev/zero | wc -c'), '1');
      // one that was made from outside opens nothing
      for (const folder of ['/opt', '/dev']) {
        await inHost(host!, `mknod ${folder}/made c 1 3`);
        assert.match(await service(`echo x >${folder}/made`), /Permission denied/);
      }
      if (!isInstalled('dpkg-deb')) {
        process.stderr.write('\nNOT RUN: there is no dpkg-deb here, so no package was installed\n');
        return;
      }
      const installed = `${PACKAGE} >&2 && dpkg -i /opt/tiny.deb >&2 && stat -c '%U %a' /usr/share/tiny/file`;
      assert.match(await service(installed), /^daemon 4750$/m);
      assert.match(await service('setpriv --reuid=nobody --clear-groups id -un'), /^nobody$/m);
    }),
  );

  test(
    'a package that is installed starts no service, and nothing that this machine starts runs in a host',
    withHosts(async ({ ec2, start }) => {
      const hosts = await start();
      await launchHosts(ec2, 1);
      const [host] = await booted(hosts, 1);
      assert.is(await inHost(host!, '/usr/sbin/policy-rc.d any start; echo $?'), '101');
      const agent = `scalarium-agent: running  process ${String(bootsOn(host!.root)[0])}`;
      await eventually('the agent alone', async () => (await inHost(host!, 'systemctl list')) === agent);
    }),
  );

  test(
    'nothing is left: no bridge, no interface, no mount, no process',
    withHosts(async ({ ec2, directory, start }) => {
      const mounts = (): string => readFileSync('/proc/self/mounts', 'utf8');
      const before = mounts();
      await eventually('those of other tests are gone', async () => (await interfaces()).length === 0);
      const first = await start();
      await launchHosts(ec2, 2);
      const [host] = await booted(first, 2);
      assert.is((await interfaces()).length, 3);
      await first.close({ stopMachines: true });
      assert.is(existsSync(`/proc/${String(host!.pid)}/root/`), false);
      await eventually('the interfaces go', async () => (await interfaces()).length === 0);
      const second = await start();
      await booted(second, 2);
      await second.close({ stopMachines: false });
      assert.is(mounts(), before);
      assert.is((await interfaces()).length, 3);
      assert.is(await endHosts(join(directory, 'hosts'), systemClock), 2);
      assert.equal(
        (await interfaces()).filter((name) => !name.includes('h')),
        [],
      );
      await eventually('the interfaces go again', async () => (await interfaces()).length === 0);
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
