import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerResponse } from 'node:http';
import * as E from 'fp-ts/lib/Either.js';
import { NEVER } from 'rxjs';
import { UPDATE_ALL, type CookbookSource } from '../../../../api-types/cookbooks.js';
import { hours } from '../../../../api-types/units.js';
import {
  cookbooksController,
  type CookbooksDependencies,
} from '../../../../controllers/cookbooks/controller.js';
import { systemChance } from '../../../../runtime/chance.js';
import { systemClock } from '../../../../runtime/clock.js';
import { silentLog } from '../../../../runtime/log.js';
import { startLoop } from '../../../../runtime/loop.js';
import type { Fence, Live } from '../../../../store/objects/objects.js';
import { TEST_SEALER } from '../../../build/server.js';
import { ref } from '../../../fake/objects.js';
import { eventually } from '../../../e2e/world.js';
import { assert } from '../../../suite.js';
import { commit, inWorld, repository, type World } from '../../sources/world.js';

const test = inWorld('cookbooks of clusters');

const FENCE: Fence = { compare: { key: 'owner', target: 'create', equals: 1 }, left: () => hours(1) };

const dependencies = ({ objects, shelf, stop }: World): CookbooksDependencies => ({
  objects,
  shelf,
  sealer: TEST_SEALER,
  clock: systemClock,
  stopped: stop.signal,
  localSources: false,
  ownership: { of: () => FENCE, changes$: NEVER },
  log: silentLog,
});

const SHOP = ref('Cluster', null, 'shop');

const wants = ({ objects }: World, source: CookbookSource, of = SHOP): void => {
  objects.putRaw(of, { spec: { cloud: 'local', cookbooks: [source] } });
};

const shopOf = ({ objects }: World): Live<'Cluster'> => {
  const live = objects.get(SHOP);
  if (live === null) throw new Error('there is no cluster');
  return live;
};

const archiveAt = ({ url }: World, path: string): CookbookSource => ({
  name: 'own',
  type: 'archive',
  url: `${url}/${path}`,
});

/** A tar with one cookbook, whose recipe says this. */
const archiveOf = ({ top }: World, text: string): Buffer => {
  const folder = mkdtempSync(join(top, 'archive-'));
  writeFileSync(join(folder, 'recipe'), text);
  execFileSync('tar', ['-cf', join(folder, 'made.tar'), 'recipe'], { cwd: folder });
  return readFileSync(join(folder, 'made.tar'));
};

test('what a source was resolved to is not pinned under its name once the name is that of another one', async (world) => {
  const archives = { '/old': archiveOf(world, 'old'), '/new': archiveOf(world, 'new') };
  world.answer = ({ url = '' }, response) => {
    if (url === '/old') wants(world, archiveAt(world, 'new'));
    response.end(archives[url as keyof typeof archives]);
  };
  wants(world, archiveAt(world, 'old'));
  const controller = cookbooksController(dependencies(world));
  await controller.reconcile('shop')();
  assert.equal(shopOf(world).status.cookbooks, []);
  assert.is(shopOf(world).status.cookbookSources, undefined);
  assert.is(shopOf(world).status.conditions?.['CookbooksReady']?.reason, 'Resolving');
  assert.equal(world.objects.list('Event'), []);
  await controller.reconcile('shop')();
  assert.is(shopOf(world).status.cookbooks?.[0]?.name, 'own');
});

/** A server that says nothing is left after 60 s. */
const SOONER = 45;

const pinnedIn = async (world: World): Promise<string> => {
  await eventually('a pack is pinned', () => (shopOf(world).status.cookbooks ?? []).length > 0, SOONER);
  return shopOf(world).status.cookbooks?.[0]?.revision ?? '';
};

/** Runs the controller; addresses that end in `slow` are answered by nobody. */
const running = async (
  world: World,
  work: (slow: readonly ServerResponse[]) => Promise<void>,
): Promise<void> => {
  const slow: ServerResponse[] = [];
  const archive = archiveOf(world, 'quick');
  world.answer = ({ url = '' }, response) => {
    if (url.endsWith('slow')) slow.push(response);
    else response.end(archive);
  };
  const controller = cookbooksController(dependencies(world));
  const loop = startLoop({ controller, clock: systemClock, chance: systemChance, log: silentLog });
  try {
    await work(slow);
  } finally {
    world.stop.abort();
    await loop.drain();
  }
};

test('whoever corrects a slow source does not wait for what it was', async (world) => {
  await running(world, async (slow) => {
    wants(world, archiveAt(world, 'slow'));
    await eventually('it is fetched', () => slow.length === 1);
    wants(world, archiveAt(world, 'quick'));
    await pinnedIn(world);
    await eventually('the other fetch is cut off', () => slow[0]?.closed === true);
    assert.is(shopOf(world).status.conditions?.['CookbooksReady']?.reason, 'Resolved');
  });
});

test('nothing is fetched for a cluster that is gone', async (world) => {
  await running(world, async (slow) => {
    wants(world, archiveAt(world, 'slow'));
    await eventually('it is fetched', () => slow.length === 1);
    world.objects.deleteRaw(SHOP);
    await eventually('the fetch is cut off', () => slow[0]?.closed === true, SOONER);
  });
});

test('slow sources of some clusters do not keep others waiting, and only so many are fetched at once', async (world) => {
  await running(world, async (slow) => {
    const others = Array.from({ length: 14 }, (_value, index) =>
      ref('Cluster', null, `slow-${String(index)}`),
    );
    for (const of of others) wants(world, archiveAt(world, 'slow'), of);
    await eventually('all are fetched', () => slow.length === others.length, SOONER);
    wants(world, archiveAt(world, 'quick'));
    await pinnedIn(world);
    const more = Array.from({ length: 6 }, (_value, index) => ref('Cluster', null, `more-${String(index)}`));
    for (const of of more) wants(world, archiveAt(world, 'slow'), of);
    await eventually('all slots are taken', () => slow.length === 16);
    for (const response of slow) response.destroy();
    await eventually('the others have their turn', () => slow.length === others.length + more.length);
  });
});

test('a control plane without its packs makes them again, that before the one in force too', async (world) => {
  const url = await repository(world, { 'web/default': 'first' });
  const controller = cookbooksController({ ...dependencies(world), localSources: true });
  const digests: string[] = [];
  for (const version of ['first', 'second']) {
    await commit(url, { 'web/version': version });
    world.objects.putRaw(SHOP, {
      annotations: { [UPDATE_ALL]: version },
      spec: { cloud: 'local', cookbooks: [{ name: 'own', type: 'git', url }] },
    });
    await controller.reconcile('shop')();
    digests.push(shopOf(world).status.cookbooks?.[0]?.digest ?? '');
  }
  for (const digest of digests) await rm(join(world.top, 'packs', digest));
  await controller.reconcile('shop')();
  assert.equal(await Promise.all(digests.map((digest) => world.shelf.has(digest))), [true, true]);
  assert.is(shopOf(world).status.cookbooks?.[0]?.digest, digests[1]);
});

test('a source that cannot be resolved is a failure of a server that is not ours', async (world) => {
  wants(world, archiveAt(world, 'nothing'));
  const ended = await cookbooksController(dependencies(world)).reconcile('shop')();
  assert.is(E.isLeft(ended) && ended.left._tag === 'Transient' && ended.left.outside, true);
  assert.is(shopOf(world).status.conditions?.['CookbooksReady']?.reason, 'Unresolved');
});
