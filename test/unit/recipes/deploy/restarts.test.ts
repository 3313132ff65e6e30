/** An agent that is ended at any stage goes on after its next start; migrations do not. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReleaseConfig } from '../../../../api-types/release.js';
import { assert } from '../../../suite.js';
import {
  answer,
  currentOf,
  deployed,
  onHost,
  order,
  pack,
  release,
  renewed,
  stagesOf,
  type Stage,
} from './scene.js';

const test = onHost('an agent ends in the middle');

/** The agent ends when the stage does this. */
const endsAt = (stage: Stage, message: string, name: string): void => {
  stage.heard = (said) => {
    if (said.message === message && said.keys['stage'] === name) stage.stopping.abort();
  };
};

const goesOn = (stage: Stage): void => {
  stage.heard = () => undefined;
  renewed(stage);
};

const WITH_HOOKS: Partial<ReleaseConfig> = {
  build: ['echo built >> built'],
  shared: ['log'],
  hooks: { afterRestart: 'true', beforeRestart: 'true' },
  health: { path: '/' },
};

const STAGES = [
  'fetch',
  'unpack',
  'build',
  'link',
  'before_restart',
  'switch',
  'health',
  'after_restart',
  'recipes',
  'cleanup',
];

/** Where something of a stage is done, and its end has not been noted. */
const ENDED = ['unpack', 'build', 'switch'];

for (const message of ['stage begins', 'stage ends'])
  for (const name of message === 'stage begins' ? STAGES : ENDED)
    test(`when the ${message}: ${name}`, async (stage) => {
      await deployed(stage, 1);
      await pack(stage, 'pack-2');
      endsAt(stage, message, name);
      await order(stage, 'activate', { release: release(2, WITH_HOOKS) });
      const current = await currentOf(stage);
      assert.ok(existsSync(join(stage.root, 'srv/www/shop', current ?? 'nothing', 'server.js')));
      goesOn(stage);
      const result = await order(
        stage,
        'activate',
        { release: release(2, WITH_HOOKS) },
        { interrupted: true },
      );
      assert.is(result.failure, null);
      assert.is(await answer(stage), 'pack-2');
      assert.is(await readFile(join(stage.root, 'srv/www/shop/releases/2/built'), 'utf8'), 'built\n');
      assert.equal(result.releases, { shop: { release: 2, revision: 'r2' } });
    });

test('a release that was being switched to and does not get well afterwards is still taken back', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  const sick = { health: { path: '/sick', timeoutSeconds: 1 } };
  endsAt(stage, 'stage begins', 'health');
  await order(stage, 'activate', { release: release(2, sick) });
  assert.is(await currentOf(stage), 'releases/2');
  goesOn(stage);
  const result = await order(stage, 'activate', { release: release(2, sick) }, { interrupted: true });
  assert.is(result.stage, 'health');
  assert.is(await currentOf(stage), 'releases/1');
  assert.is(await answer(stage), 'pack-1');
});

test('an undeploy that was cut off is gone on with', async (stage) => {
  await deployed(stage, 1);
  stage.heard = ({ message }) => {
    if (message === 'resource changed') stage.stopping.abort();
  };
  await order(stage, 'undeploy');
  goesOn(stage);
  assert.is((await order(stage, 'undeploy', {}, { interrupted: true })).failure, null);
  assert.not.ok(existsSync(join(stage.root, 'srv/www/shop/releases')));
});

const RUNS = 'echo ran >> "$SHARED_PATH/runs"';
const migration = { migration: { command: RUNS } };

const runs = async ({ root }: Stage): Promise<number> =>
  (await readFile(join(root, 'srv/www/shop/shared/runs'), 'utf8').catch(() => '')).split('\n').length - 1;

test('a migration runs before anything is in force, as often as somebody wants it', async (stage) => {
  await pack(stage, 'pack-1');
  const wanted = { release: release(1, migration) };
  assert.is((await order(stage, 'migrate', wanted)).failure, null);
  assert.is((await order(stage, 'migrate', wanted)).failure, null);
  assert.is(await runs(stage), 2);
  assert.is(await currentOf(stage), null);
});

test('one that was cut off is not run again by itself: nobody knows whether it ran', async (stage) => {
  await pack(stage, 'pack-1');
  const slow = { migration: { command: `${RUNS}; echo begun; sleep 1000` } };
  stage.heard = ({ keys }) => {
    if (keys['line'] === 'begun') stage.stopping.abort();
  };
  await order(stage, 'migrate', { release: release(1, slow) });
  goesOn(stage);
  const again = await order(stage, 'migrate', { release: release(1, slow) }, { interrupted: true });
  assert.is(again.stage, 'migrate');
  assert.match(again.failure ?? '', /was cut off, and is not run again by itself: it may have run/);
  assert.is(await runs(stage), 1);
  const told = await order(stage, 'migrate', { release: release(1, migration) });
  assert.is(told.failure, null);
  assert.is(await runs(stage), 2);
});

test('one that had ended is not run again, and one that had not begun is run', async (stage) => {
  await pack(stage, 'pack-1');
  endsAt(stage, 'stage begins', 'build');
  await order(stage, 'migrate', { release: release(1, migration) });
  goesOn(stage);
  const first = await order(stage, 'migrate', { release: release(1, migration) }, { interrupted: true });
  assert.is(first.failure, null);
  const second = await order(stage, 'migrate', { release: release(1, migration) }, { interrupted: true });
  assert.is(second.failure, null);
  assert.is(await runs(stage), 1);
});

test('one that fails says how, and is ended after its time', async (stage) => {
  await pack(stage, 'pack-1');
  const fails = { migration: { command: 'echo no such table; exit 3' } };
  const failed = await order(stage, 'migrate', { release: release(1, fails) });
  assert.is(failed.stage, 'migrate');
  assert.match(failed.failure ?? '', /exit code 3; last output:\nno such table/);
  const hangs = { migration: { command: 'sleep 1000', timeoutSeconds: 1 } };
  const late = await order(
    stage,
    'migrate',
    { release: release(2, hangs) },
    {
      artifacts: () => Promise.resolve(join(stage.top, 'packs/pack-1')),
    },
  );
  assert.match(late.failure ?? '', /no end after 1 s, killed/);
  const none = await order(stage, 'migrate', { release: release(1) });
  assert.is(none.failure, null);
  assert.match((none.notes ?? []).join(), /has no migration/);
  assert.not.ok(stagesOf(stage).includes('switch'));
});
