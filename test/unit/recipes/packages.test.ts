/** What is known of packages without a package manager: its own file, versions, names, what it says. */
import { unknownPackage } from '../../../recipes/packages/apt.js';
import { DpkgStatus } from '../../../recipes/packages/dpkg-status.js';
import { refuseOddNames, versionFits } from '../../../recipes/packages/packages.js';
import { assert, suite } from '../../suite.js';

const test = suite('packages of dpkg');

const paragraph = (name: string, state: string, more = ''): string =>
  `Package: ${name}\nStatus: install ok ${state}\nArchitecture: amd64\nVersion: 1.0-1\n${more}`;

const status = new DpkgStatus(
  [
    paragraph('whole', 'installed', 'Provides: some-server, other (= 1)\n'),
    paragraph('waiting', 'triggers-pending'),
    paragraph('removed', 'config-files'),
    paragraph('half', 'half-installed'),
    paragraph('begun', 'unpacked', 'Provides: not-yet\n'),
    'Package: last\nStatus: install ok installed\nVersion: 3',
  ].join('\n'),
);

for (const { name, version, gone } of [
  { name: 'whole', version: '1.0-1', gone: false },
  { name: 'whole:amd64', version: '1.0-1', gone: false },
  { name: 'whole:arm64', version: null, gone: false },
  { name: 'waiting', version: '1.0-1', gone: false },
  { name: 'removed', version: null, gone: true },
  { name: 'half', version: null, gone: false },
  { name: 'begun', version: null, gone: false },
  { name: 'last', version: '3', gone: false },
  { name: 'whol', version: null, gone: true },
  { name: 'never', version: null, gone: true },
])
  test(`dpkg’s status: ${name}`, () => {
    assert.is(status.version(name), version);
    assert.is(status.isGone(name), gone);
  });

test('what others provide counts only where they are installed', () => {
  assert.ok(status.provides('some-server'));
  assert.ok(status.provides('other'));
  assert.not(status.provides('not-yet'));
  assert.not(status.provides('some'));
});

test('what was cut short is known', () => {
  assert.ok(status.unfinished());
  assert.equal(status.halfInstalled(), ['half']);
  assert.not(new DpkgStatus(paragraph('whole', 'installed')).unfinished());
});

for (const { is, wanted, fits } of [
  { is: '1.0-1', wanted: null, fits: true },
  { is: '1.0-1', wanted: '1.0-1', fits: true },
  { is: '1.0-1', wanted: '1.0', fits: false },
  { is: '1.0-1', wanted: '1.0*', fits: true },
  { is: '2:1.0-1', wanted: '1.*', fits: false },
])
  test(`version ${is} for ${wanted ?? 'any'}`, () => {
    assert.is(versionFits(is, wanted), fits);
  });

for (const name of ['', '-x', 'a b', 'a-', 'a;b', '../x', 'a\nb', '$(x)'])
  test(`no name of a package: ${JSON.stringify(name)}`, () => {
    assert.throws(() => {
      refuseOddNames({ names: ['fine', name], state: 'installed', version: null });
    }, /is no name or version of a package/);
  });

for (const { said, name } of [
  { said: 'E: Unable to locate package no-such', name: 'no-such' },
  { said: "E: Package 'mysql-server' has no installation candidate", name: 'mysql-server' },
  { said: "E: Version '9' for 'nginx' was not found", name: 'nginx' },
  { said: 'E: Sub-process /usr/bin/dpkg returned an error code (1)', name: null },
])
  test(`what apt says: ${said}`, () => {
    assert.is(unknownPackage(said), name);
  });
