/** File systems and mounts by the real mkfs and mount, on loop devices: what a device holds is never lost. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { FileSystemResource, MountResource } from '../../recipes/resource.js';
import { CLEAN, applyHere, changed, isInstalled, notTested, onRealHost, sh } from '../build/real-host.js';
import { isOwnMachine } from '../build/own-machine.js';
import { assert } from '../suite.js';

const TITLE = 'file systems and mounts on loop devices';
const MIB = 1024 ** 2;
/** Less is no xfs. */
const BYTES = 320 * MIB;

const attached: string[] = [];

/** A device of zeros. */
const device = (): string => {
  const file = `/var/tmp/disk-${String(attached.length)}`;
  writeFileSync(file, '');
  truncateSync(file, BYTES);
  const name = sh(`losetup --find --show ${file}`);
  attached.push(name);
  return name;
};

const write = (name: string, at: number, data: Buffer | string): void => {
  const handle = openSync(name, 'r+');
  writeSync(
    handle,
    Buffer.from(data as string, 'latin1'),
    0,
    Buffer.from(data as string, 'latin1').length,
    at,
  );
  closeSync(handle);
  sh('sync');
};

/** Of the first and last bytes: all that mkfs would write at once. */
const printOf = (name: string): string => {
  const handle = openSync(name, 'r');
  const [first, last] = [Buffer.alloc(4 * MIB), Buffer.alloc(MIB)];
  readSync(handle, first, 0, first.length, 0);
  readSync(handle, last, 0, last.length, BYTES - last.length);
  closeSync(handle);
  return createHash('sha256').update(first).update(last).digest('hex');
};

const filesystem = (name: string, format: FileSystemResource['format'] = 'ext4'): FileSystemResource => ({
  type: 'filesystem',
  device: name,
  format,
});

const mount = (name: string, path: string, more: Partial<MountResource> = {}): MountResource => ({
  type: 'mount',
  device: name,
  path,
  format: 'ext4',
  ...more,
});

/** A partition table of DOS with one partition, of type Linux. */
const partitionTable = (): Buffer => {
  const table = Buffer.alloc(66);
  table[4] = 0x83;
  table.writeUInt32LE(2048, 8);
  table.writeUInt32LE(100_000, 12);
  table.writeUInt16LE(0xaa55, 64);
  return table;
};

/** As LVM does: the polynomial of zlib, from another start, not turned over at the end. */
const lvmSum = (data: Buffer): number => {
  let crc = 0xf597a6cf;
  for (const byte of data) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return crc >>> 0;
};

/** What `pvcreate` writes into the second sector. */
const lvmLabel = (): Buffer => {
  const sector = Buffer.alloc(512);
  sector.write('LABELONE', 0);
  sector.writeUInt32LE(1, 8);
  sector.writeUInt32LE(32, 20);
  sector.write('LVM2 001', 24);
  sector.write('0123456789abcdef0123456789abcdef', 32);
  sector.writeUInt32LE(lvmSum(sector.subarray(20)), 16);
  return sector;
};

/** The header of an array of version 1.2, as mdadm writes it at 4 KiB. */
const raidHeader = (): Buffer => {
  const header = Buffer.alloc(256);
  header.writeUInt32LE(0xa92b4efc, 0);
  header.writeUInt32LE(1, 4);
  header.writeUInt32LE(8, 144);
  let sum = 0n;
  for (let at = 0; at < 256; at += 4) sum += BigInt(header.readUInt32LE(at));
  header.writeUInt32LE(Number(((sum & 0xffffffffn) + (sum >> 32n)) & 0xffffffffn), 216);
  return header;
};

const HELD: readonly {
  readonly name: string;
  readonly write: (device: string) => void;
  readonly says: RegExp;
}[] = [
  {
    name: 'another file system',
    write: (name) => sh(`mkfs.ext4 -q ${name}`),
    says: /holds ext4 and is never formatted/,
  },
  { name: 'swap', write: (name) => sh(`mkswap ${name}`), says: /holds swap and is never formatted/ },
  {
    name: 'a partition table',
    write: (name) => {
      write(name, 446, partitionTable());
    },
    says: /holds a partition table \(dos\)/,
  },
  {
    name: 'a volume of LVM',
    write: (name) => {
      write(name, 512, lvmLabel());
    },
    says: /holds LVM2_member/,
  },
  {
    name: 'a part of a RAID',
    write: (name) => {
      write(name, 4096, raidHeader());
    },
    says: /holds linux_raid_member/,
  },
];

/** A loop device that cannot be had is found out before any test. */
const noLoops = (): string | null => {
  const ran = spawnSync('losetup', ['--find'], { encoding: 'utf8' });
  return ran.status === 0 ? null : `there are no loop devices: ${ran.stderr.trim()}`;
};

const why = isOwnMachine() ? null : noLoops();
const needs = ['losetup', 'mkfs.ext4', 'blkid', 'lsblk', 'mkswap'];

if (why !== null) notTested(TITLE, why);
else
  await onRealHost(import.meta.url, { title: TITLE, needs }, (test) => {
    test.before(() => {
      sh('mount -t sysfs sysfs /sys');
      writeFileSync('/etc/fstab', '# of the host\nproc /proc proc defaults 0 0\n');
    });
    test.after(() => {
      spawnSync('sh', ['-c', 'umount -R /data /blank* 2>/dev/null']);
      for (const name of attached) sh(`losetup --detach ${name}`);
      sh('rm -f /var/tmp/disk-*');
    });

    for (const format of ['ext4', 'xfs'] as const)
      test(`${format}: made on an empty device, with its label; a second run does nothing`, async () => {
        if (!isInstalled(`mkfs.${format}`)) {
          process.stderr.write(
            `\n*** ${format.toUpperCase()}: NOT TESTED HERE: there is no mkfs.${format} ***\n`,
          );
          return;
        }
        const name = device();
        const wanted = { ...filesystem(name, format), label: 'data' };
        assert.equal(await applyHere([wanted]), changed(`filesystem[${name}]`));
        assert.is(sh(`blkid --probe --output value --match-tag TYPE ${name}`), format);
        assert.is(sh(`blkid --probe --output value --match-tag LABEL ${name}`), 'data');
        const before = printOf(name);
        assert.equal(await applyHere([wanted, filesystem(name, format)]), CLEAN);
        assert.is(printOf(name), before);
      });

    for (const { name: what, write: fill, says } of HELD)
      test(`a device that holds ${what} is never formatted`, async () => {
        const name = device();
        fill(name);
        const before = printOf(name);
        const { failure } = await applyHere([filesystem(name, 'xfs')]);
        assert.match(failure ?? '', says);
        assert.is(printOf(name), before);
      });

    test('a dry run formats nothing', async () => {
      const name = device();
      const { diffs } = await applyHere([filesystem(name)], { dryRun: true });
      assert.equal(diffs, [{ resource: `filesystem[${name}]`, diff: `${name}: a new ext4` }]);
      assert.is(sh(`blkid --probe ${name} || echo none`), 'none');
    });

    test('what is no device, or none that blocks, is named', async () => {
      for (const [name, says] of [
        ['/dev/no-such', /there is no device \/dev\/no-such/],
        ['/dev/null', /\/dev\/null is no block device/],
        ['/etc/passwd', /"\/etc\/passwd" is no device/],
      ] as const)
        assert.match((await applyHere([filesystem(name)])).failure ?? '', says);
    });

    test('mounted now and at each start; a second run does nothing; other lines of fstab stay', async () => {
      const name = device();
      const both = [filesystem(name), mount(name, '/data')];
      assert.equal(await applyHere(both), changed(`filesystem[${name}]`, 'mount[/data]'));
      assert.is(sh('findmnt --noheadings --output SOURCE /data'), name);
      assert.is(
        readFileSync('/etc/fstab', 'utf8'),
        `# of the host\nproc /proc proc defaults 0 0\n${name} /data ext4 defaults,nofail 0 2\n`,
      );
      assert.equal(await applyHere(both), CLEAN);
      sh('umount /data');
      assert.equal(await applyHere(both), changed('mount[/data]'));
      assert.match(
        (await applyHere([mount('/dev/null', '/data')])).failure ?? '',
        new RegExp(`${name} is mounted at /data, not /dev/null: unmount it first`),
      );
    });

    test('a place by another name, or named with a slash behind, is the same place: nothing is mounted twice', async () => {
      const name = device();
      mkdirSync('/real');
      symlinkSync('/real', '/alias');
      await applyHere([filesystem(name), mount(name, '/alias/blank one/')]);
      assert.equal(await applyHere([mount(name, '/alias/blank one/')]), CLEAN);
      assert.is(sh('grep -c "/real/blank" /proc/self/mountinfo'), '1');
      assert.match(readFileSync('/etc/fstab', 'utf8'), /^\S+ \/alias\/blank\\040one ext4/m);
      sh('umount "/real/blank one"');
    });

    test('a device that is named by its id or label', async () => {
      const name = device();
      sh(`mkfs.ext4 -q -L by-label ${name}; mkdir /blank-label`);
      const wanted = mount('LABEL=by-label', '/blank-label');
      assert.equal(await applyHere([wanted]), changed('mount[/blank-label]'));
      assert.equal(await applyHere([wanted]), CLEAN);
    });

    test('one that cannot be mounted: the command, its code and words; the next run mounts it', async () => {
      const name = device();
      const { failure } = await applyHere([mount(name, '/blank-broken')]);
      assert.match(
        failure ?? '',
        /^mount\[\/blank-broken\]: command "mount \/blank-broken": exit code 32; last output:\n/,
      );
      assert.equal(
        await applyHere([filesystem(name), mount(name, '/blank-broken')]),
        changed(`filesystem[${name}]`, 'mount[/blank-broken]'),
      );
    });

    test('what is mounted below is not removed, whatever its name', async () => {
      const name = device();
      mkdirSync('/real2');
      symlinkSync('/real2', '/alias2');
      await applyHere([filesystem(name), mount(name, '/real2/app/data')]);
      writeFileSync('/real2/app/data/precious', 'x');
      const { failure } = await applyHere([{ type: 'absent', path: '/alias2/app' }]);
      assert.match(failure ?? '', /something is mounted there: \/real2\/app\/data/);
      assert.is(readFileSync('/real2/app/data/precious', 'utf8'), 'x');
      sh('umount /real2/app/data');
      rmSync('/real2', { recursive: true });
    });
  });
