/** Real kubectls against a real control plane, over TLS with the kubeconfig that the first start wrote. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findKubectls } from '../build/kubectl.js';
import { assert, suite } from '../suite.js';
import { BEGINNING } from './kubectl/beginning.js';
import { benchOf, type Shared } from './kubectl/bench.js';
import { READING } from './kubectl/reading.js';
import { WRITING } from './kubectl/writing.js';
import { eventually, makeWorld } from './world.js';

const found = findKubectls();
const [oldest] = found;
const newest = found.at(-1);
const wanted =
  process.env['TEST_EVERY_KUBECTL'] === '1'
    ? found
    : [...new Set([oldest, newest])].flatMap((one) => one ?? []);
if (wanted.length === 0)
  process.stdout.write(
    '\n!! SKIPPED: no kubectl on PATH; nothing of kubectl was tested, only that its kubeconfig is written\n',
  );
else process.stdout.write(`\nkubectl ${wanted.map(({ minor }) => `1.${String(minor)}`).join(', ')}\n`);

const test = suite<Shared>('kubectl', { world: null as unknown as Shared['world'], folder: '' });

test.before(async (context) => {
  context.world = await makeWorld();
  context.world.start('--hosts', 'hollow', '--no-example');
  const kubeconfig = join(context.world.data, 'kubeconfig');
  await eventually('the kubeconfig is written', () => existsSync(kubeconfig));
  context.folder = join(context.world.data, 'kubectl-test');
  mkdirSync(context.folder);
});

test.after(async ({ world }) => {
  await world.end();
});

test('the first start writes a kubeconfig that only its owner can read', ({ world }) => {
  assert.is(statSync(join(world.data, 'kubeconfig')).mode & 0o777, 0o600);
});

for (const { path, minor } of wanted)
  for (const [title, run] of [...BEGINNING, ...READING, ...WRITING])
    test(`1.${String(minor)}: ${title}`, async (shared) => {
      await run(benchOf(shared, path, minor));
    });
