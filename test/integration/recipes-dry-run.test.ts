/** A dry run of every type of resource touches nothing at all; the same resources, brought about, are as they should be. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ResourceType } from '../../recipes/resource.js';
import { resourceTypes } from '../../scripts/recipe-lines.mjs';
import { NEEDS, oneOfEach, openWorld, type World } from '../build/one-of-each.js';
import { CHANGES } from '../build/own-machine.js';
import { applyHere, onRealHost } from '../build/real-host.js';
import { assert } from '../suite.js';

const TYPES = resourceTypes(readFileSync(new URL('../../recipes/resource.ts', import.meta.url), 'utf8'));

/** All that was ever written, with all its times, sizes and rights. */
const everything = (): ReadonlySet<string> => {
  const format = '%p %T@ %C@ %s %m %u %g\n';
  const listed = execFileSync('find', [CHANGES, '-printf', format], { encoding: 'utf8' });
  // tsx keeps what it has compiled
  return new Set(listed.split('\n').filter((line) => !line.startsWith(`${CHANGES}/tmp`)));
};

const since = (before: ReadonlySet<string>): readonly string[] =>
  [...everything()].filter((line) => !before.has(line));

await onRealHost(import.meta.url, { title: 'dry runs on a real host', needs: NEEDS }, (test) => {
  let world: World;

  test.before(async () => {
    world = await openWorld();
  });
  test.after(() => {
    world.end();
  });

  test('there is one of each type', () => {
    const types = new Set<ResourceType>(oneOfEach({ ...world, device: '/dev/x' }).map(({ type }) => type));
    assert.equal(
      TYPES.filter((type) => !types.has(type as ResourceType)),
      // it only ends a run
      ['refusal'],
    );
  });

  test('nothing on the host is touched, not even a time of a directory', async () => {
    const before = everything();
    await sleep(20);
    const applied = await applyHere(oneOfEach(world), { ...world.options, dryRun: true });
    assert.equal(since(before), []);
    assert.is(applied.failure, null);
    assert.equal(world.services.calls, []);
    assert.not.match(JSON.stringify(applied), /hunter22/);
    assert.is(applied.changed.length, world.device === null ? 19 : 21);
    assert.is.not(readFileSync('/proc/sys/net/ipv4/ip_default_ttl', 'utf8'), '77\n');
    writeFileSync('/etc/known', 'old\n');
    assert.ok(since(before).length > 0);
  });

  test('brought about, they are as they should be; a second run and a dry run find nothing to do', async () => {
    const { failure, warning } = await applyHere(oneOfEach(world), world.options);
    assert.is(failure, null);
    assert.is(warning, undefined);
    const again = oneOfEach(world).filter(({ type }) => type !== 'execute');
    assert.equal(await applyHere(again, world.options), { changed: [], failure: null });
    const { changed, diffs } = await applyHere(again, { ...world.options, dryRun: true });
    assert.equal([changed, diffs], [[], []]);
    rmSync('/ran');
    rmSync('/ran-later');
  });
});
