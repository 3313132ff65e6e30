/**
 * A cluster of real services on one machine: HAProxy, two Node.js application servers, MariaDB master and replica,
 * memcached, each on a host of its own, from the distribution's packages. Runs alone: it is many processes.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { whyNoNamespaceHosts } from '../../local-cloud/hosts/namespace/refusals.js';
import { identify } from '../../runtime/process-identity.js';
import { inOwnNetwork, isOwnNetwork, noOwnNetwork } from '../build/own-network.js';
import { PATIENCE_SECONDS } from '../build/patience.js';
import { assert, suite } from '../suite.js';
import { eventually, makeWorld, type HostEntry, type World } from './world.js';

const HOSTS = 6;
const GAME = fileURLToPath(new URL('game', import.meta.url));

interface Context {
  world: World;
  folder: string;
}

/** A repository with the cookbook `game`, and the cluster that takes it from there. */
const prepare = (folder: string): string => {
  const repository = join(folder, 'repository');
  mkdirSync(repository);
  cpSync(GAME, join(repository, 'game'), { recursive: true });
  rmSync(join(repository, 'game/cluster.yaml'));
  const git = (...words: readonly string[]): void => {
    const identity = ['-c', 'user.name=a', '-c', 'user.email=a@b'];
    execFileSync('git', [...identity, ...words], { cwd: repository, stdio: 'ignore' });
  };
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'the game');
  const file = join(folder, 'cluster.yaml');
  writeFileSync(file, readFileSync(join(GAME, 'cluster.yaml'), 'utf8').replace('REPOSITORY', repository));
  return file;
};

const hostOf = async (world: World, name: string): Promise<HostEntry> => {
  const found = (await world.hosts()).find(({ instance }) => instance === name);
  if (found === undefined) throw new Error(`there is no host ${name}`);
  return found;
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Status 0: there was no answer. */
const ask = async (url: string): Promise<Answer> => {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(20_000) });
    return { status: answer.status, text: (await answer.text()).trim() };
  } catch {
    return { status: 0, text: '' };
  }
};

interface Load {
  readonly answered: number;
  readonly lost: number;
}

/** So many requests at a time, one after the other each, until `end` is called. */
const load = (url: string, atOnce: number): { end(): Promise<Load> } => {
  let ended = false;
  const counts = { answered: 0, lost: 0 };
  const one = async (): Promise<void> => {
    while (!ended) {
      const { status } = await ask(url);
      counts[status === 200 ? 'answered' : 'lost'] += 1;
    }
  };
  const all = Array.from({ length: atOnce }, one);
  return {
    end: async () => {
      ended = true;
      await Promise.all(all);
      return counts;
    },
  };
};

const realCluster = (): void => {
  const test = suite<Context>('a cluster of real services', {} as Context);

  /** Of the load balancer, as people reach it. */
  const site = async (world: World): Promise<string> => `http://${(await hostOf(world, 'lb-1')).address}`;

  const reads = (url: string, name: string): Promise<Answer> =>
    eventually(`${name} is read from the replica`, async () => {
      const answer = await ask(`${url}/read?name=${name}`);
      return answer.text === name && answer;
    });

  /** Another machine is online in the slot. */
  const replaced = (world: World, before: HostEntry): Promise<HostEntry> =>
    eventually(
      `${before.instance} is online on another machine`,
      async () => {
        const instance = (await world.instances()).find(({ metadata }) => metadata.name === before.instance);
        const machine = instance?.status.machine?.id;
        if (instance?.status.phase !== 'online' || machine === before.machine) return null;
        return (await world.hosts()).find((host) => host.machine === machine) ?? null;
      },
      3 * PATIENCE_SECONDS,
    );

  test.before(async (context) => {
    context.folder = mkdtempSync(join(tmpdir(), 'scalarium-game-'));
    context.world = await makeWorld({ cluster: 'game' });
    context.world.start('--hosts', 'namespace', '--local-sources', '--apply', prepare(context.folder));
    await context.world.allOnline(HOSTS, 4 * PATIENCE_SECONDS);
  });

  test.after(async ({ world, folder }) => {
    await world.end();
    rmSync(folder, { recursive: true, force: true });
  });

  test('requests reach both application servers in turn', async ({ world }) => {
    const url = await site(world);
    await eventually('both answer', async () => {
      const seen = [await ask(url), await ask(url), await ask(url), await ask(url)];
      const names = seen.map(({ text }) => text);
      return seen.every(({ status }) => status === 200) && names[0] !== names[1] && names[0] === names[2];
    });
  });

  test('what the application writes to the master it reads from the replica, and from the cache', async ({
    world,
  }) => {
    const url = await site(world);
    await eventually('it is written', async () => (await ask(`${url}/write?name=godzilla`)).status === 200);
    await reads(url, 'godzilla');
    const cached = await eventually('it is cached', async () => {
      const answer = await ask(`${url}/cache?name=mothra`);
      return answer.status === 200 && answer;
    });
    assert.is(cached.text, 'mothra');
  });

  test('an application server that is killed loses no more than the requests in flight to it', async ({
    world,
  }) => {
    const url = await site(world);
    const victim = await hostOf(world, 'app-2');
    const AT_ONCE = 6;
    const going = load(url, AT_ONCE);
    await eventually('requests go to it', async () => (await ask(url)).text === victim.machine);
    process.kill(victim.pid, 'SIGKILL');
    await replaced(world, victim);
    const { answered, lost } = await going.end();
    assert.ok(lost <= AT_ONCE, `${String(lost)} of ${String(answered + lost)} requests were lost`);
    assert.ok(answered > AT_ONCE);
    await eventually('the new one serves', async () => {
      const names = [await ask(url), await ask(url)].map(({ text }) => text);
      return names.every((name) => name !== '') && names[0] !== names[1];
    });
  });

  test('the replica is rebuilt when its host is killed, and catches up', async ({ world }) => {
    const url = await site(world);
    const before = await hostOf(world, 'db-replica-1');
    process.kill(before.pid, 'SIGKILL');
    await eventually('it is written', async () => (await ask(`${url}/write?name=rodan`)).status === 200);
    const after = await replaced(world, before);
    assert.is.not(after.pid, before.pid);
    // the application is told of the new address, and the row of before is there too
    await reads(url, 'rodan');
    await reads(url, 'godzilla');
  });

  test('all of it ends with the control plane', async ({ world }) => {
    const hosts = await world.hosts();
    world.process().kill('SIGINT');
    assert.is(await world.ended(), 0, world.output());
    const alive = hosts.filter(({ pid }) => identify(pid) !== null);
    assert.equal(alive, []);
    const links = execFileSync('ip', ['-brief', 'link'], { encoding: 'utf8' });
    assert.not.match(links, /^scl/m);
  });
};

const why = (await noOwnNetwork()) ?? (await whyNoNamespaceHosts(tmpdir(), '/'));
if (isOwnNetwork()) realCluster();
else if (why === null) process.exitCode = await inOwnNetwork(fileURLToPath(import.meta.url));
else {
  const test = suite('a cluster of real services');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** A CLUSTER OF REAL SERVICES: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
