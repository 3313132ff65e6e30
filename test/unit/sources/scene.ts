/** Sources of applications behind real servers, and an artifact store for what is made of them. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApplicationSource } from '../../../api-types/application-source.js';
import { systemClock } from '../../../runtime/clock.js';
import { openShelf, type Shelf } from '../../../runtime/shelf.js';
import { fetchPacked, type FetchedPack, type WantedPack } from '../../../sources/packed.js';
import { startGitServer, type GitServerOptions } from '../../build/git-server.js';
import type { Files } from '../../build/repository-files.js';
import { startSvnServer, type SvnServerOptions } from '../../build/svn-server.js';
import { assert, suite, type Suite } from '../../suite.js';

export interface Scene {
  folder: string;
  shelf: Shelf;
  servers: { end(): unknown }[];
  stop: AbortController;
}

export const kept = <A extends { end(): unknown }>({ servers }: Scene, server: A): A => {
  servers.push(server);
  return server;
};

export const gitServer = async (scene: Scene, files: Files, options?: GitServerOptions) =>
  kept(scene, await startGitServer(files, options));
export const svnServer = async (scene: Scene, files: Files, options?: SvnServerOptions) =>
  kept(scene, await startSvnServer(files, options));

type More = Partial<Omit<WantedPack, 'source'>> & { readonly localSources?: boolean };

export const fetched = (
  { shelf, stop }: Scene,
  source: ApplicationSource,
  { localSources = false, ...more }: More = {},
): Promise<FetchedPack> =>
  fetchPacked(
    { shelf, clock: systemClock, stopped: stop.signal, localSources },
    { source, texts: null, pinned: null, about: 'application shop', ...more },
  );

/** What people are told; nothing is on the shelf then. */
export const refusal = async (scene: Scene, source: ApplicationSource, more?: More): Promise<string> => {
  const packs = async (): Promise<readonly string[]> =>
    (await readdir(scene.shelf.folder).catch(() => [])).filter((name) => name !== 'known_hosts');
  const before = await packs();
  const said = await fetched(scene, source, more).then(
    () => 'it was not refused',
    (error: unknown) => (error as Error).message,
  );
  assert.match(said, /^application shop: /);
  assert.ok(said.length <= 1_000);
  assert.not.match(said, /cookbook|recipes/);
  assert.equal(await packs(), before);
  return said;
};

export const names = ({ shelf }: Scene, { digest }: FetchedPack): readonly string[] =>
  execFileSync('tar', ['-tzf', join(shelf.folder, digest)], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .filter((name) => !name.endsWith('/'));

export const contentOf = ({ shelf }: Scene, { digest }: FetchedPack, name: string): string =>
  execFileSync('tar', ['-xzOf', join(shelf.folder, digest), name], { encoding: 'utf8' });

export const CI = { user: 'ci', password: 'hunter22' };

/** A server that answers as it is told. */
interface Answering {
  readonly url: string;
  readonly seen: IncomingMessage[];
  end(): void;
}

export const answering = async (
  scene: Scene,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Answering> => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const end = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return kept(scene, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    seen,
    end,
  });
};

export const serving = (scene: Scene, content: Buffer): Promise<Answering> =>
  answering(scene, (_request, response) => response.writeHead(200).end(content));

/** A suite whose tests have an artifact store of their own. */
export const inScene = (name: string): Suite<Scene> => {
  const test = suite<Scene>(name, {} as Scene);

  test.beforeEach(async (scene) => {
    scene.folder = await mkdtemp(join(tmpdir(), 'scalarium-apps-'));
    scene.shelf = await openShelf(join(scene.folder, 'artifacts'), systemClock);
    scene.servers = [];
    scene.stop = new AbortController();
  });

  test.afterEach(async ({ folder, servers, shelf }) => {
    const left = (await readdir(shelf.folder).catch(() => [])).filter((name) => name.startsWith('work-'));
    await Promise.all(servers.map((server) => server.end()));
    await rm(folder, { recursive: true, force: true });
    assert.equal(left, [], 'nothing of the work stays');
  });
  return test;
};
