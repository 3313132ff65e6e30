/** A shelf for packs, Secrets, and a server that answers as a test tells it, for tests of sources. */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { CookbookSource } from '../../../api-types/cookbooks.js';
import { carryOut, type StepDependencies, type StepOutcome } from '../../../controllers/cookbooks/steps.js';
import { systemClock } from '../../../runtime/clock.js';
import { openShelf, type Shelf } from '../../../runtime/shelf.js';
import { TEST_SEALER } from '../../build/server.js';
import { fakeObjects, type FakeObjects } from '../../fake/objects.js';
import { assert, suite, type Suite } from '../../suite.js';

export interface World {
  top: string;
  shelf: Shelf;
  objects: FakeObjects;
  stop: AbortController;
  server: Server;
  url: string;
  answer: (request: IncomingMessage, response: ServerResponse) => void;
}

export const git = (folder: string, ...words: readonly string[]): string =>
  execFileSync(
    'git',
    ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'protocol.file.allow=always', ...words],
    {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    },
  ).trim();

export const put = async (folder: string, files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
    if (content.startsWith('#!')) await chmod(join(folder, path), 0o755);
  }
};

export const commit = async (folder: string, files: Readonly<Record<string, string>>): Promise<string> => {
  await put(folder, files);
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '-m', 'x');
  return git(folder, 'rev-parse', 'HEAD');
};

/** A repository on branch `main`. */
export const repository = async (
  { top }: World,
  files: Readonly<Record<string, string>>,
): Promise<string> => {
  const folder = await mkdtemp(join(top, 'repository-'));
  git(folder, 'init', '-q', '-b', 'main');
  await commit(folder, files);
  return folder;
};

/** A suite whose tests have a fresh world each. */
export const inWorld = (name: string): Suite<World> => {
  const test = suite<World>(name, {} as World);
  test.beforeEach(async (world) => {
    world.top = await mkdtemp(join(tmpdir(), 'scalarium-sources-'));
    world.shelf = await openShelf(join(world.top, 'packs'), systemClock);
    world.objects = fakeObjects(() => systemClock.now());
    world.stop = new AbortController();
    world.answer = (_request, response) => response.writeHead(404).end();
    world.server = createServer((request, response) => {
      world.answer(request, response);
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => world.server.once('listening', resolve));
    world.url = `http://127.0.0.1:${String((world.server.address() as AddressInfo).port)}`;
  });
  test.afterEach(async ({ top, server }) => {
    server.closeAllConnections();
    server.close();
    await rm(top, { recursive: true, force: true });
  });
  return test;
};

export const resolve = (
  { shelf, objects, stop }: World,
  source: Omit<CookbookSource, 'name'>,
  more: Partial<StepDependencies> & { readonly pinned?: string } = {},
): Promise<StepOutcome> => {
  const { pinned = null, ...on } = more;
  const all = {
    objects,
    sealer: TEST_SEALER,
    shelf,
    clock: systemClock,
    stopped: stop.signal,
    localSources: true,
    ...on,
  };
  const step = {
    action: 'resolve',
    source: { name: 'base', ...source },
    fingerprint: '',
    update: '',
    pinned,
  } as const;
  return carryOut(all, 'shop', step);
};

export const packedOf = (outcome: StepOutcome): { readonly revision: string; readonly digest: string } => {
  assert.is(outcome._tag, 'Packed', outcome._tag === 'Failed' ? outcome.problem : '');
  return outcome._tag === 'Packed' ? outcome.pack : { revision: '', digest: '' };
};

export const problemOf = (outcome: StepOutcome): string => {
  assert.is(outcome._tag, 'Failed');
  return outcome._tag === 'Failed' ? outcome.problem : '';
};

/** Names in a pack, with their modes. */
export const listed = (world: World, digest: string): readonly string[] =>
  execFileSync('tar', ['-tvzf', join(world.top, 'packs', digest)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+) +\S+ +\d+ +\S+ +\S+ /, '$1 '));
