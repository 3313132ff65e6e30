/** Files that a kernel or a container has its own mind about: settings, mounted files, links to directories. */
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { Resource } from '../../recipes/resource.js';
import { CLEAN, applyHere, changed, onRealHost, sh } from '../build/real-host.js';
import { assert } from '../suite.js';

/** Of the network, which is the test's own. */
const NAME = 'net.ipv4.ip_default_ttl';
const PLACE = '/proc/sys/net/ipv4/ip_default_ttl';
const KEPT = `/etc/sysctl.d/60-scalarium-${NAME}.conf`;

const ttl = (value: string): Resource => ({ type: 'sysctl', name: NAME, value });

const now = (): string => readFileSync(PLACE, 'utf8').trim();

await onRealHost(import.meta.url, { title: 'files of a real host', needs: ['ip'] }, (test) => {
  test('a setting of the kernel: now and at each start; a second run does nothing', async () => {
    writeFileSync(PLACE, '64');
    assert.equal(await applyHere([ttl('65')], { dryRun: true }), {
      ...changed(`sysctl[${NAME}]`),
      diffs: [{ resource: `sysctl[${NAME}]`, diff: `${NAME}: 64 → 65` }],
    });
    assert.is(now(), '64');
    assert.equal(await applyHere([ttl('65')]), changed(`sysctl[${NAME}]`));
    assert.is(now(), '65');
    assert.match(readFileSync(KEPT, 'utf8'), /^net\.ipv4\.ip_default_ttl = 65$/m);
    assert.equal(await applyHere([ttl('65')]), CLEAN);
    writeFileSync(PLACE, '64');
    assert.equal(await applyHere([ttl('65')]), changed(`sysctl[${NAME}]`));
    assert.is(now(), '65');
  });

  test('a setting of several numbers may be written with any blanks', async () => {
    const range = (value: string): Resource => ({
      type: 'sysctl',
      name: 'net.ipv4.ip_local_port_range',
      value,
    });
    await applyHere([range('20000 60000')]);
    assert.is(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), '20000\t60000\n');
    assert.equal(await applyHere([range('20000 60000')]), CLEAN);
  });

  test('a setting of an interface with a dot in its name', async () => {
    sh('ip link add eth0.100 type veth peer name there');
    const name = 'net/ipv4/conf/eth0.100/forwarding';
    assert.equal(await applyHere([{ type: 'sysctl', name, value: '1' }]), changed(`sysctl[${name}]`));
    assert.is(readFileSync('/proc/sys/net/ipv4/conf/eth0.100/forwarding', 'utf8'), '1\n');
  });

  test('what the kernel refuses is told and not kept; a setting that it has none of', async () => {
    rmSync(KEPT, { force: true });
    writeFileSync(PLACE, '64');
    const { failure } = await applyHere([ttl('many')]);
    assert.match(
      failure ?? '',
      /^sysctl\[net\.ipv4\.ip_default_ttl\]: the kernel refuses "many" for net\.ipv4\.ip_default_ttl: EINVAL/,
    );
    assert.not(existsSync(KEPT));
    assert.match(
      (await applyHere([{ type: 'sysctl', name: 'net.none', value: '1' }])).failure ?? '',
      /the kernel has no setting net\.none/,
    );
  });

  test('/etc/hosts that is a mount, as in a container, is written where it is', async () => {
    for (const content of ['127.0.0.1 localhost\n10.0.0.1 web-1\n', '::1\n']) {
      writeFileSync('/run/hosts', '127.0.0.1 of the container\n');
      sh('mount --bind /run/hosts /etc/hosts');
      const hosts: Resource = { type: 'file', path: '/etc/hosts', content };
      assert.equal(await applyHere([hosts]), changed('file[/etc/hosts]'));
      assert.is(readFileSync('/run/hosts', 'utf8'), content);
      assert.not(existsSync('/etc/.hosts.scalarium-new'));
      assert.equal(await applyHere([hosts]), CLEAN);
      sh('umount /etc/hosts');
    }
  });

  test('a link below a link to a directory leads where it is told', async () => {
    mkdirSync('/usr/lib/deep/er', { recursive: true });
    symlinkSync('/usr/lib/deep', '/short');
    const link: Resource = { type: 'link', path: '/short/er/conf', target: '/etc/hostname-of-it' };
    writeFileSync('/etc/hostname-of-it', 'it');
    assert.equal(await applyHere([link]), changed('link[/short/er/conf]'));
    assert.is(readFileSync('/usr/lib/deep/er/conf', 'utf8'), 'it');
    assert.equal(await applyHere([link]), CLEAN);
  });

  test('what the host needs is not removed, by no name', async () => {
    symlinkSync('/', '/slash');
    for (const path of ['/', '/etc', '/etc/', '//etc', '/./etc', '/usr/.', '/slash/etc', '/var/lib'])
      assert.match(
        (await applyHere([{ type: 'absent', path }], { dryRun: true })).failure ?? '',
        /is not removed: the host needs it/,
      );
    assert.equal(await applyHere([{ type: 'absent', path: '/slash' }]), changed('absent[/slash]'));
    assert.ok(existsSync('/etc/passwd'));
  });

  test('a file with a check is judged on the host, and a judge that is not there is a failure', async () => {
    const conf = (check: readonly string[]): Resource => ({
      type: 'file',
      path: '/etc/judged',
      content: 'good',
      check,
    });
    assert.match(
      (await applyHere([conf(['no-such-judge', '{}'])])).failure ?? '',
      /^file\[\/etc\/judged\]: there is no no-such-judge on this host/,
    );
    assert.not(existsSync('/etc/judged'));
    assert.equal(await applyHere([conf(['grep', '-q', 'good', '{}'])]), changed('file[/etc/judged]'));
  });
});
