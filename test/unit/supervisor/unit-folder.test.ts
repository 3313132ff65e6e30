/** Which unit files count, below a root of the test's own. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unitFolder, type UnitFolder } from '../../../recipes/services/supervisor/unit-folder.js';
import { assert, suite } from '../../suite.js';

const test = suite<{ root: string; units: UnitFolder }>('unit files of a host', {
  root: '',
  units: null as unknown as UnitFolder,
});

test.beforeEach((context) => {
  context.root = mkdtempSync(join(tmpdir(), 'scalarium-units-'));
  context.units = unitFolder(context.root, { hostname: 'h', homeOf: () => '/' });
});

test.afterEach(({ root }) => {
  rmSync(root, { recursive: true });
});

const write = (root: string, path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};

const web = (program: string, install = ''): string => `[Service]\nExecStart=${program}\n${install}`;

const INSTALL = '[Install]\nWantedBy=multi-user.target\nAlias=http.service\n';

const programOf = (units: UnitFolder, name: string): string | undefined => {
  const found = units.find(name);
  return found._tag === 'Found' ? found.unit.commands.Start[0]?.words[0] : found._tag;
};

test('what an administrator wrote comes before what a package brought', ({ root, units }) => {
  assert.is(programOf(units, 'web'), 'None');
  write(root, '/lib/systemd/system/web.service', web('/bin/packaged'));
  assert.is(programOf(units, 'web'), '/bin/packaged');
  write(root, '/etc/systemd/system/web.service', web('/bin/own'));
  assert.is(programOf(units, 'web'), '/bin/own');
});

test('drop-ins are read after the file, by name, and the later one of a name wins', ({ root, units }) => {
  write(root, '/lib/systemd/system/web.service', web('/bin/web'));
  write(root, '/lib/systemd/system/web.service.d/10-user.conf', '[Service]\nUser=packaged\n');
  write(root, '/etc/systemd/system/web.service.d/10-user.conf', '[Service]\nUser=own\n');
  write(
    root,
    '/etc/systemd/system/web.service.d/20-start.conf',
    '[Service]\nExecStart=\nExecStart=/bin/other\n',
  );
  const found = units.find('web');
  assert.is(found._tag === 'Found' ? found.unit.user : null, 'own');
  assert.is(programOf(units, 'web'), '/bin/other');
});

test('templates, aliases and masks', ({ root, units }) => {
  write(root, '/lib/systemd/system/web@.service', web('/bin/web-%i'));
  assert.is(programOf(units, 'web@80'), '/bin/web-80');
  write(root, '/lib/systemd/system/mariadb.service', web('/bin/mariadbd'));
  symlinkSync('mariadb.service', join(root, '/lib/systemd/system/mysql.service'));
  const found = units.find('mysql');
  assert.is(found._tag === 'Found' ? found.unit.name : null, 'mariadb');
  mkdirSync(join(root, '/etc/systemd/system'), { recursive: true });
  symlinkSync('/dev/null', join(root, '/etc/systemd/system/mariadb.service'));
  assert.is(programOf(units, 'mariadb'), 'Masked');
});

test('enabling makes the links of systemctl enable, and disabling takes them away', ({ root, units }) => {
  write(root, '/lib/systemd/system/web.service', web('/bin/web', INSTALL));
  const enabled = (): boolean => {
    const found = units.find('web');
    return found._tag === 'Found' && units.isEnabled(found.unit);
  };
  assert.is(enabled(), false);
  assert.equal(units.enabled(), []);
  const found = units.find('web');
  if (found._tag === 'Found') {
    units.enable(found.unit, found.file);
    units.enable(found.unit, found.file);
  }
  const link = join(root, '/etc/systemd/system/multi-user.target.wants/web.service');
  assert.is(readlinkSync(link), '/lib/systemd/system/web.service');
  assert.is(enabled(), true);
  assert.equal(units.enabled(), ['web']);
  assert.is(programOf(units, 'http'), '/bin/web');
  units.disable('web');
  assert.is(existsSync(join(root, '/etc/systemd/system/http.service')), false);
  assert.is(enabled(), false);
  assert.equal(units.enabled(), []);
});

test('a unit that cannot be enabled counts as enabled, and one of systemd itself does not start with the host', ({
  root,
  units,
}) => {
  write(root, '/lib/systemd/system/plain.service', web('/bin/plain'));
  const found = units.find('plain');
  assert.is(found._tag === 'Found' && units.isEnabled(found.unit), true);
  write(root, '/lib/systemd/system/multi-user.target.wants/plain.service', '');
  assert.equal(units.enabled(), []);
});
