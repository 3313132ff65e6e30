/** Packages by dnf and rpm: stand-ins that keep what is installed in a file and say what the real ones say. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Applied } from '../../recipes/apply.js';
import type { PackageResource } from '../../recipes/resource.js';
import { CLEAN, applyHere, changed, onRealHost, standIn } from '../build/real-host.js';
import { assert } from '../suite.js';
import { optionsFor } from '../unit/recipes/options.js';

/** /rpm/installed: a line a package, `name version release provides`. */
const RPM = `
eval name=\\\${$#}
found=0
while read -r one version release provides; do
  [ "$one" = "$name" ] || [ "$provides" = "$name" ] || continue
  found=1
  printf '%s\\t%s-%s\\t%s\\n' "$one" "$version" "$release" "$version"
done < /rpm/installed
[ $found = 1 ] || { echo "no package provides $name"; exit 1; }`;

const DNF = `
echo "$*" >> /rpm/log
verb=$1; shift
if [ -e /rpm/lock ]; then
  rm /rpm/lock; echo "error: can't create transaction lock on /var/lib/rpm/.rpm.lock (Resource temporarily unavailable)" >&2; exit 1
fi
for word; do
  case $word in
    -*) ;;
    no-such*) echo "No match for argument: $word"; echo "Error: Unable to find a match: $word"; exit 1 ;;
    broken) echo "Error: Error running transaction test" >&2; exit 1 ;;
    alpha-*) version=\${word#alpha-}; sed -i '/^alpha /d' /rpm/installed; echo "alpha \${version%\\*}.el9 1 -" >> /rpm/installed ;;
    *) [ $verb = remove ] && sed -i "/^$word /d" /rpm/installed || echo "$word 1.0 1.el9 virtual" >> /rpm/installed ;;
  esac
done`;

const install = (name: string, more: Partial<PackageResource> = {}): PackageResource => ({
  type: 'package',
  names: [name],
  ...more,
});

const apply = (...resources: readonly PackageResource[]): Promise<Applied> =>
  applyHere(resources, { platform: { ...optionsFor('/').platform, packages: 'dnf', family: 'redhat' } });

const calls = (): readonly string[] => {
  const all = existsSync('/rpm/log') ? readFileSync('/rpm/log', 'utf8').trim().split('\n') : [];
  rmSync('/rpm/log', { force: true });
  return all.map((line) => line.replace(/ --\S+/g, ''));
};

await onRealHost(import.meta.url, { title: 'packages by dnf' }, (test) => {
  test.before(() => {
    standIn('rpm', RPM);
    standIn('dnf', DNF);
  });
  test.beforeEach(() => {
    rmSync('/rpm', { recursive: true, force: true });
    mkdirSync('/rpm');
    writeFileSync('/rpm/installed', 'old 1.0 1.el9 -\n');
  });

  test('installed, adjacent ones by one call; a second run calls nothing; what one provides is there', async () => {
    assert.equal(
      await apply(install('one'), install('two'), install('old')),
      changed('package[one]', 'package[two]'),
    );
    assert.equal(calls(), ['install one two']);
    assert.equal(await apply(install('one'), install('virtual')), CLEAN);
    assert.equal(calls(), []);
  });

  test('removed', async () => {
    assert.equal(await apply(install('old', { state: 'removed' })), changed('package[old]'));
    assert.equal(
      await apply(install('old', { state: 'removed' }), install('never', { state: 'removed' })),
      CLEAN,
    );
    assert.equal(calls(), ['remove old']);
  });

  test('a version, by its beginning', async () => {
    assert.equal(await apply(install('alpha', { version: '2.1*' })), changed('package[alpha]'));
    assert.equal(calls(), ['install alpha-2.1*']);
    assert.equal(await apply(install('alpha', { version: '2.1*' })), CLEAN);
    assert.equal(await apply(install('alpha', { version: '2.1.el9-1' })), CLEAN);
  });

  test('one that there is none of is named, and its resource; the next run works', async () => {
    const { failure } = await apply(install('one'), install('no-such'));
    assert.match(
      failure ?? '',
      /^package\[no-such\]: there is no package no-such as wanted: command "dnf install .*exit code 1; last output:\n/,
    );
    assert.is((await apply(install('two'))).failure, null);
  });

  test('a transaction that fails tells its command, code and words', async () => {
    const { failure } = await apply(install('broken'));
    assert.match(
      failure ?? '',
      /^package\[broken\]: command "dnf install [^"]*": exit code 1; last output:\nError: Error running transaction test$/,
    );
  });

  test('while somebody else has the lock it waits', async () => {
    writeFileSync('/rpm/lock', '');
    assert.equal(await apply(install('one')), changed('package[one]'));
    assert.is(calls().length, 2);
  });
});
