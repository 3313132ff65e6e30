import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NEVER } from 'rxjs';
import type { CookbookSource } from '../../../../api-types/cookbooks.js';
import { hours } from '../../../../api-types/units.js';
import {
  cookbooksController,
  type CookbooksDependencies,
} from '../../../../controllers/cookbooks/controller.js';
import { systemClock } from '../../../../runtime/clock.js';
import { silentLog } from '../../../../runtime/log.js';
import type { Fence, Live } from '../../../../store/objects/objects.js';
import { TEST_SEALER } from '../../../build/server.js';
import { ref } from '../../../fake/objects.js';
import { assert } from '../../../suite.js';
import { inWorld, type World } from './world.js';

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

const wants = ({ objects }: World, ...sources: readonly CookbookSource[]): void => {
  objects.putRaw(ref('Cluster', null, 'shop'), { spec: { cloud: 'local', cookbooks: sources } });
};

const shopOf = ({ objects }: World): Live<'Cluster'> => {
  const live = objects.get(ref('Cluster', null, 'shop'));
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
