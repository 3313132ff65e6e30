/** Packages by the real apt and dpkg, from a repository in a folder. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { PackageResource } from '../../recipes/resource.js';
import { onlySource, publish } from '../build/apt-repository.js';
import { untilTrue } from '../build/gateways.js';
import { CLEAN, applyHere, changed, onRealHost, sh } from '../build/real-host.js';
import { assert } from '../suite.js';

const install = (name: string, more: Partial<PackageResource> = {}): PackageResource => ({
  type: 'package',
  names: [name],
  ...more,
});

/** Of a package that is installed. */
const versionOf = (name: string): string =>
  sh(`dpkg-query -W -f '\${Status} \${Version}' ${name} 2>/dev/null || true`).replace(
    'install ok installed ',
    '',
  );

const transactions = (): number =>
  existsSync('/var/log/apt/history.log')
    ? (readFileSync('/var/log/apt/history.log', 'utf8').match(/^Start-Date/gm) ?? []).length
    : 0;

await onRealHost(import.meta.url, { title: 'packages by apt', needs: ['apt-get', 'dpkg-deb'] }, (test) => {
  test.before(() => {
    rmSync('/var/log/apt/history.log', { force: true });
    rmSync('/usr/sbin/policy-rc.d', { force: true });
    publish(
      { name: 'alpha', version: '1.0-1' },
      { name: 'alpha', version: '1.1-1' },
      { name: 'beta', depends: 'gamma' },
      { name: 'gamma', provides: 'virtual-thing' },
      { name: 'delta', postinst: '[ -e /fine ] || { echo the disk is upside down >&2; exit 9; }' },
      { name: 'slow', postinst: 'echo $$ > /slow; while [ ! -e /go ]; do sleep 0.1; done' },
      { name: 'conf', conffile: { path: '/etc/conf.conf', content: 'theirs\n' } },
      { name: 'nosy', postinst: 'read answer; echo "answer: $answer"; invoke-rc.d nosy start || true' },
    );
    onlySource();
  });

  test('installed, also what it depends on; a second run does nothing and asks nobody', async () => {
    assert.equal(await applyHere([install('beta')]), changed('package[beta]'));
    assert.is(versionOf('gamma'), '1.0-1');
    const before = transactions();
    assert.equal(await applyHere([install('beta'), install('gamma')]), CLEAN);
    assert.is(transactions(), before);
  });

  test('one that another provides is there', async () => {
    await applyHere([install('gamma')]);
    assert.equal(await applyHere([install('virtual-thing')]), CLEAN);
  });

  test('removed; one that never was is removed already', async () => {
    await applyHere([install('beta')]);
    assert.equal(await applyHere([install('beta', { state: 'removed' })]), changed('package[beta]'));
    assert.is.not(versionOf('beta'), '1.0-1');
    assert.equal(await applyHere([install('never-there', { state: 'removed' })]), CLEAN);
  });

  test('a version: exactly, by its beginning, and back to an older one', async () => {
    assert.equal(await applyHere([install('alpha', { version: '1.0-1' })]), changed('package[alpha]'));
    assert.is(versionOf('alpha'), '1.0-1');
    assert.equal(await applyHere([install('alpha', { version: '1.*' })]), CLEAN);
    assert.equal(await applyHere([install('alpha', { version: '1.1*' })]), changed('package[alpha]'));
    assert.is(versionOf('alpha'), '1.1-1');
    assert.equal(await applyHere([install('alpha', { version: '1.0-1' })]), changed('package[alpha]'));
    assert.is(versionOf('alpha'), '1.0-1');
    const { failure } = await applyHere([install('alpha', { version: '7.0' })]);
    assert.match(
      failure ?? '',
      /^package\[alpha\]: there is no package alpha as wanted: command "apt-get install .*exit code 100/,
    );
  });

  test('adjacent ones are one transaction, removals too', async () => {
    await applyHere([
      install('alpha', { state: 'removed' }),
      install('gamma', { state: 'removed' }),
      install('conf'),
    ]);
    const before = transactions();
    const wanted = [install('alpha'), install('beta'), install('conf', { state: 'removed' })];
    assert.equal(await applyHere(wanted), changed('package[alpha]', 'package[beta]', 'package[conf]'));
    assert.is(transactions(), before + 1);
  });

  test('a dry run says what it would install, and does not even fetch a list', async () => {
    await applyHere([install('alpha', { state: 'removed' })]);
    const before = sh('find /var/lib/apt /var/lib/dpkg /var/cache/apt -printf "%p %T@\\n" | sort');
    const { diffs } = await applyHere([install('alpha', { version: '1.1*' })], { dryRun: true });
    assert.equal(diffs, [{ resource: 'package[alpha]', diff: 'install alpha (1.1*)' }]);
    assert.is(sh('find /var/lib/apt /var/lib/dpkg /var/cache/apt -printf "%p %T@\\n" | sort'), before);
  });

  test('one that there is none of: its own resource and line are named, and the next run works', async () => {
    await applyHere([install('alpha', { state: 'removed' })]);
    const { failure } = await applyHere([install('alpha'), install('no-such', { at: 'recipes/x.ts:3' })]);
    assert.match(
      failure ?? '',
      /^package\[no-such\] \(recipes\/x\.ts:3\): there is no package no-such as wanted: command "apt-get /,
    );
    assert.equal(await applyHere([install('alpha')]), changed('package[alpha]'));
  });

  test('a name that is an option or a removal is refused by itself, what stands before it is brought about', async () => {
    await applyHere([install('alpha', { state: 'removed' })]);
    const { failure, changed: done } = await applyHere([install('alpha'), install('beta-')]);
    assert.match(failure ?? '', /^package\[beta-\]: "beta-" is no name or version of a package/);
    assert.equal(done, ['package[alpha]']);
  });

  test('one that is newer than the lists is found', async () => {
    publish({ name: 'fresh' });
    assert.equal(await applyHere([install('fresh')]), changed('package[fresh]'));
  });

  test('one that fails: exit code and last output; the next run finishes it', async () => {
    const { failure } = await applyHere([install('delta')]);
    assert.match(
      failure ?? '',
      /^package\[delta\]: command "apt-get install [^]*exit code 100; last output:\n[^]*the disk is upside down/,
    );
    writeFileSync('/fine', '');
    assert.equal(await applyHere([install('delta'), install('alpha')]), changed('package[delta]'));
    assert.is(versionOf('delta'), '1.0-1');
  });

  test('a configuration file that was written before stays, nobody is asked, no service is started', async () => {
    await applyHere([install('conf', { state: 'removed' })]);
    const own = { type: 'file', path: '/etc/conf.conf', content: 'ours\n' } as const;
    assert.is((await applyHere([own, install('conf'), install('nosy')])).failure, null);
    assert.is(readFileSync('/etc/conf.conf', 'utf8'), 'ours\n');
    assert.match(readFileSync('/usr/sbin/policy-rc.d', 'utf8'), /exit 101/);
  });

  test('while somebody else has the lock it waits', async () => {
    rmSync('/go', { force: true });
    const other = spawn('apt-get', ['install', '--yes', 'slow'], { stdio: 'ignore' });
    await untilTrue('the other is at it', () => existsSync('/slow'));
    await applyHere([]);
    const lines: unknown[] = [];
    const info = (_message: string, keys?: Readonly<Record<string, unknown>>): void => {
      lines.push(keys?.['line']);
      if (String(keys?.['line']).includes('waiting')) writeFileSync('/go', '');
    };
    await applyHere([install('alpha', { state: 'removed' })], { log: { info, warn: info } });
    const done = await applyHere([install('alpha')], { log: { info, warn: info } });
    assert.is(done.failure, null);
    assert.ok(lines.includes('somebody else has the lock of the packages: waiting'));
    await untilTrue('the other has ended', () => other.exitCode !== null);
  });

  test('cut short in the middle: nothing of it goes on, and the next run finishes it', async () => {
    await applyHere([install('slow', { state: 'removed' })]);
    rmSync('/go', { force: true });
    rmSync('/slow', { force: true });
    const stop = new AbortController();
    const running = applyHere([install('slow')], { signal: stop.signal });
    await untilTrue('it is in the middle', () => existsSync('/slow'));
    stop.abort();
    assert.match(
      (await running).failure ?? '',
      /^package\[slow\]: command "apt-get [^]*stopped because the run was aborted/,
    );
    assert.is(sh('pgrep -x "apt-get|dpkg" || true'), '');
    writeFileSync('/go', '');
    assert.is((await applyHere([install('slow'), install('alpha')])).failure, null);
    assert.is(versionOf('slow'), '1.0-1');
  });

  for (const state of ['installed', 'removed'] as const)
    test(`one whose unpacking was cut short, which apt takes for a whole one, is ${state}`, async () => {
      await applyHere([install('alpha', { state: 'removed' }), install('gamma')]);
      const half = (name: string): string =>
        `Package: ${name}\nStatus: install reinstreq half-installed\nMaintainer: x\nArchitecture: all\nVersion: 1.0-1\n`;
      const others = readFileSync('/var/lib/dpkg/status', 'utf8')
        .split('\n\n')
        .filter((one) => !/^\n?Package: (alpha|gamma)\n/.test(one));
      writeFileSync(
        '/var/lib/dpkg/status',
        `${others.join('\n\n').trimEnd()}\n\n${half('alpha')}\n${half('gamma')}\n`,
      );
      assert.is((await applyHere([install('alpha', { state })])).failure, null);
      assert.is(versionOf('gamma'), '1.0-1');
    });
});
