/** What the host's own programs and files say, as data: systemctl, fstab, mounts, lists of archives. */
import { Listing, type Packing } from '../../../recipes/listing.js';
import { parseMounts } from '../../../recipes/mounts.js';
import { fstabWith } from '../../../recipes/resources/disks.js';
import { parseProperties, stateFrom } from '../../../recipes/services/systemd.js';
import { assert, suite } from '../../suite.js';

const test = suite('what the host says');

const show = (load: string, active: string, file: string, result = 'success'): string =>
  `LoadState=${load}\nActiveState=${active}\nUnitFileState=${file}\nResult=${result}\nExecMainStatus=3\nNRestarts=2\n`;

for (const { name, text, state } of [
  { name: 'runs', text: show('loaded', 'active', 'enabled'), state: [true, true, true] },
  { name: 'reloads', text: show('loaded', 'reloading', 'disabled'), state: [true, true, false] },
  { name: 'stopped', text: show('loaded', 'inactive', 'static'), state: [true, false, true] },
  { name: 'not there', text: show('not-found', 'inactive', ''), state: [false, false, false] },
  {
    name: 'ended badly',
    text: show('loaded', 'failed', 'enabled', 'exit-code'),
    state: [true, false, true, 'it is failed: exit-code, exit code 3'],
  },
  {
    name: 'waits to be started anew',
    text: show('loaded', 'activating', 'enabled', 'exit-code'),
    state: [true, false, true, 'it is activating: exit-code, exit code 3'],
  },
  {
    name: 'masked',
    text: show('masked', 'inactive', 'masked'),
    state: [false, false, false, 'it is masked: somebody has forbidden to start it'],
  },
])
  test(`a unit: ${name}`, () => {
    const found = stateFrom(parseProperties(text));
    const { loaded, running, enabled, result } = found;
    assert.equal([loaded, running, enabled, ...(result === undefined ? [] : [result])], state);
    assert.is(found.restarts, 2);
  });

const LINE = '/dev/b /data xfs defaults 0 0';

for (const { name, before, after } of [
  { name: 'none', before: '', after: `${LINE}\n` },
  { name: 'another', before: '/dev/a / ext4 x 0 1\n', after: `/dev/a / ext4 x 0 1\n${LINE}\n` },
  { name: 'one for the place', before: '#1\n/dev/a\t/data ext4 x 0 1\n#2\n', after: `#1\n${LINE}\n#2\n` },
  { name: 'one in a comment', before: '# /dev/a /data', after: `# /dev/a /data\n${LINE}\n` },
])
  test(`fstab with ${name}`, () => {
    assert.is(fstabWith(before, '/data', LINE), after);
    assert.is(fstabWith(after, '/data', LINE), after);
  });

test('mounts, also with blanks in their names and with optional fields', () => {
  const text =
    '36 35 98:0 /mnt1 /mnt\\0402 rw,noatime master:1 shared:2 - ext3 /dev/root rw\n37 35 0:5 / /proc rw - proc proc rw\n';
  assert.equal(parseMounts(text), [
    { path: '/mnt 2', source: '/dev/root', format: 'ext3', device: '98:0' },
    { path: '/proc', source: 'proc', format: 'proc', device: '0:5' },
  ]);
});

const ROOM = 1_000;
const file = (name: string, bytes = 1): string =>
  `-rw-r--r-- 0/0 ${String(bytes)} 2024-01-01 10:00 ${name}\n`;

const LISTS: readonly {
  readonly name: string;
  readonly kind: Packing;
  readonly text: string;
  readonly says: RegExp | null;
}[] = [
  {
    name: 'files and a link',
    kind: 'tar',
    text: `${file('a')}lrwxrwxrwx 0/0 0 2024-01-01 10:00 d/l -> ../a\n`,
    says: null,
  },
  {
    name: 'a name that climbs',
    kind: 'tar',
    text: file('a/../../b'),
    says: /"a\/\.\.\/\.\.\/b" in it leads out/,
  },
  {
    name: 'too large in all',
    kind: 'tar',
    text: file('a', 600) + file('b', 600),
    says: /unpacks to 1200 bytes or more, and the disk has room for 1000/,
  },
  {
    name: 'a device',
    kind: 'tar',
    text: 'brw-r--r-- 0/0 8,0 2024-01-01 10:00 sda\n',
    says: /"sda" in it is a device/,
  },
  {
    name: 'what is no list',
    kind: 'tar',
    text: 'something else\n',
    says: /cannot be told: "something else"/,
  },
  {
    name: 'files',
    kind: 'zip',
    text: 'a\nd/b\n2 files, 900 bytes uncompressed, 9 bytes compressed:  1.0%\n',
    says: null,
  },
  {
    name: 'too large',
    kind: 'zip',
    text: 'a\n1 file, 9000 bytes uncompressed, 9 bytes compressed:  1.0%\n',
    says: /unpacks to 9000/,
  },
  { name: 'an absolute name', kind: 'zip', text: '/etc/passwd\n', says: /leads out/ },
];

for (const { name, kind, text, says } of LISTS)
  test(`${kind}: ${name}, in pieces of any size`, () => {
    for (const size of [1, 7, 10_000]) {
      const listing = new Listing(kind, ROOM);
      for (let at = 0; at < text.length; at += size) listing.add(Buffer.from(text.slice(at, at + size)));
      const found = listing.end();
      if (says === null) assert.is(found, null);
      else assert.match(found ?? '', says);
    }
  });
