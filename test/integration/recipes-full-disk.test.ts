/** A disk that is full: files are whole or as they were, the failure says so, and once there is room all goes on. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Resource } from '../../recipes/resource.js';
import { served, sha256, tarOf, zipOf, type FileServer } from '../build/archives.js';
import { applyHere, changed, onRealHost, sh } from '../build/real-host.js';
import { assert } from '../suite.js';
import { optionsFor } from '../unit/recipes/options.js';
import { fakeServices } from '../unit/recipes/services.js';

const MIB = 1024 ** 2;

const FULL = /the disk is full: ENOSPC|No space left on device|disk full|has no room|has room for/;

/** Leaves so many KiB of the disk free. */
const leave = (kib: number): void => {
  rmSync('/full/ballast', { force: true });
  const free = Number(sh('df --output=avail /full | tail -n 1'));
  if (free > kib) sh(`head -c ${String((free - kib) * 1024)} /dev/zero > /full/ballast`);
};

const file = (content: string): Resource => ({ type: 'file', path: '/full/conf', content, mode: 0o644 });

let data: Buffer = Buffer.alloc(0);
let server: FileServer;

const archive = (what: Buffer): Resource => {
  data = what;
  return { type: 'archive', path: '/full/app', url: server.url, checksum: sha256(what) };
};

/** Names at the top, also hidden ones. */
const names = (): readonly string[] =>
  readdirSync('/full')
    .filter((name) => name !== 'ballast')
    .sort();

await onRealHost(import.meta.url, { title: 'a full disk', needs: ['tar', 'unzip', 'git', 'ip'] }, (test) => {
  test.before(async () => {
    sh('ip link set lo up');
    server = await served(() => data);
  });
  test.after(() => {
    server.close();
  });
  test.beforeEach(() => {
    mkdirSync('/full', { recursive: true });
    sh('mount -t tmpfs -o size=8m tmpfs /full');
  });
  test.afterEach(() => {
    sh('umount /full');
  });

  test('a file stays as it was, nothing of the new one stays, and the next run writes it', async () => {
    await applyHere([file('old')]);
    leave(64);
    const big = 'x'.repeat(MIB);
    const { failure, changed: done } = await applyHere([file(big)]);
    assert.match(failure ?? '', /^file\[\/full\/conf\]: the disk is full: ENOSPC/);
    assert.equal(done, []);
    assert.is(readFileSync('/full/conf', 'utf8'), 'old');
    assert.equal(names(), ['conf']);
    rmSync('/full/ballast');
    assert.equal(await applyHere([file(big)]), changed('file[/full/conf]'));
  });

  for (const [name, what] of [
    ['tar', tarOf({ name: 'a', text: 'x'.repeat(3 * MIB) })],
    ['zip', zipOf({ name: 'a', text: 'x'.repeat(3 * MIB) })],
    ['zip that holds more than it says', zipOf({ name: 'a', text: 'x'.repeat(40 * MIB), claims: 10 })],
  ] as const)
    test(`a ${name} is not unpacked, and nothing of it stays`, async () => {
      leave(2_000);
      const { failure } = await applyHere([archive(what)]);
      assert.match(failure ?? '', FULL);
      assert.equal(names(), []);
    });

  test('an archive that cannot even be downloaded', async () => {
    leave(64);
    const noise = Buffer.from(Array.from({ length: MIB / 4 }, (_item, index) => (index * 7919) % 251));
    const { failure } = await applyHere([archive(noise)]);
    assert.match(failure ?? '', /^archive\[\/full\/app\]: the disk is full: ENOSPC/);
    assert.equal(names(), []);
    rmSync('/full/ballast');
    assert.equal(await applyHere([archive(tarOf({ name: 'a', text: 'x' }))]), changed('archive[/full/app]'));
  });

  test('a working copy: git says so, and the next run brings it about', async () => {
    rmSync('/repository', { recursive: true, force: true });
    sh('mkdir /repository; git -C /repository init --quiet --initial-branch main');
    writeFileSync(
      '/repository/big',
      execFileSync('head', ['-c', String(3 * MIB), '/dev/urandom'], { maxBuffer: 8 * MIB }),
    );
    sh('cd /repository && git add big && git -c user.name=x -c user.email=x@x commit --quiet -m x');
    const copy = { type: 'git', path: '/full/copy', repository: '/repository', revision: 'main' } as const;
    leave(1_500);
    assert.match(
      (await applyHere([copy])).failure ?? '',
      /^git\[\/full\/copy\]: command "git [^]*No space left on device/,
    );
    sh('umount /full; mount -t tmpfs -o size=32m tmpfs /full');
    assert.equal(await applyHere([copy]), changed('git[/full/copy]'));
  });

  test('a command that fills it fails with its own words, and so does what comes after it in the next run', async () => {
    const fill: Resource = {
      type: 'execute',
      name: 'fill',
      command: ['sh', '-c', 'yes > /full/all; exit 1'],
    };
    const { failure } = await applyHere([fill, file('x')]);
    assert.match(
      failure ?? '',
      /^execute\[fill\]: command .*: exit code 1; last output:\n.*No space left on device$/,
    );
    assert.match((await applyHere([file('x')])).failure ?? '', /^file\[\/full\/conf\]: the disk is full/);
    rmSync('/full/all');
    assert.equal(await applyHere([file('x')]), changed('file[/full/conf]'));
  });

  test('no room to note what the run owes: a failure before the change, not an exception; then all is done', async () => {
    const kept = existsSync('/var/lib/scalarium');
    mkdirSync('/var/lib/scalarium', { recursive: true });
    sh('mount --bind /full /var/lib/scalarium');
    const services = fakeServices({ web: { running: true } });
    const platform = { ...optionsFor('/').platform, services };
    const web: Resource = { type: 'service', name: 'web', state: 'running' };
    const conf: Resource = {
      type: 'file',
      path: '/etc/of-web',
      content: 'new',
      notifies: [{ action: 'restart', resource: 'service[web]' }],
    };
    sh('cat /dev/zero > /full/ballast || true');
    const { failure } = await applyHere([conf, web], { platform });
    assert.match(failure ?? '', /^file\[\/etc\/of-web\]: the disk is full: ENOSPC/);
    assert.not(existsSync('/etc/of-web'));
    assert.equal(services.calls, []);
    rmSync('/full/ballast');
    assert.is((await applyHere([conf, web], { platform })).failure, null);
    assert.equal(services.calls, ['restart web']);
    sh(`umount /var/lib/scalarium; rm /etc/of-web; ${kept ? 'true' : 'rmdir /var/lib/scalarium'}`);
  });

  test('a disk that may only be read', async () => {
    await applyHere([file('old')]);
    sh('mount -o remount,ro /full');
    assert.match(
      (await applyHere([file('new')])).failure ?? '',
      /^file\[\/full\/conf\]: the file system is read-only: EROFS/,
    );
  });
});
