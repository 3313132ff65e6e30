import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyResources } from '../../recipes/apply.js';
import { recipeFor } from '../../recipes/catalog.js';
import type { Snapshot } from '../../api-types/snapshot.js';
import { freePort } from '../build/free-port.js';
import { assert, suite } from '../suite.js';
import { optionsFor } from '../unit/recipes/options.js';
import { host, role, snapshotOf } from '../unit/recipes/world.js';

const test = suite<{ root: string }>('haproxy takes the configuration', { root: '' });

const installed = spawnSync('haproxy', ['-v']).status === 0;

test.beforeEach(async (context) => {
  context.root = await mkdtemp(join(tmpdir(), 'scalarium-haproxy-'));
});
test.afterEach(async ({ root }) => {
  await rm(root, { recursive: true, force: true });
});

const configured = async (root: string, snapshot: Snapshot): Promise<string> => {
  const resources = recipeFor('configure', snapshot, 'lb-1');
  const applied = await applyResources(resources, optionsFor(root));
  assert.is(applied.failure, null);
  return join(root, 'etc/haproxy/haproxy.cfg');
};

const nobody = (port: number): Snapshot =>
  snapshotOf({
    roles: { lb: role('load-balancer', { haproxy: { port, maxConnections: 100 } }) },
    hosts: { 'lb-1': host('lb', '127.0.1.1') },
  });

const check = (file: string): void => {
  if (!installed) return;
  const checked = spawnSync('haproxy', ['-c', '-f', file], { encoding: 'utf8' });
  assert.is(checked.status, 0, checked.stderr);
};

test('with app servers', async ({ root }) => {
  check(await configured(root, snapshotOf()));
});

test('with none', async ({ root }) => {
  check(await configured(root, nobody(80)));
});

const answer = async (url: string): Promise<number> => {
  for (;;) {
    try {
      return (await fetch(url)).status;
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
};

test('with none it answers 503', async ({ root }) => {
  if (!installed) return;
  const port = await freePort();
  const child = spawn('haproxy', ['-db', '-f', await configured(root, nobody(port))], { stdio: 'ignore' });
  try {
    assert.is(await answer(`http://127.0.0.1:${String(port)}/`), 503);
  } finally {
    child.kill('SIGKILL');
  }
});
