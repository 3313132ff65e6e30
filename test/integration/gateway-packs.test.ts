/** Packs of cookbooks from gateways to hosts, over the agent's own requests. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { enrol, Refusal, type Credential, type Route } from '../../agent/requests.js';
import { packsOver } from '../../agent/packs.js';
import { hours, type Millis, millis, minutes, seconds } from '../../api-types/units.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock, type Clock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { World } from '../build/gateways.js';
import { assert, suite } from '../suite.js';

interface Context {
  world: World;
  who: Credential;
  digest: string;
  /** Where a host keeps its packs; another one a test. */
  folder: string;
}

const test = suite<Context>('packs of cookbooks', {} as Context);

const routeTo = (gateway: string): Route => ({
  gateway,
  localAddress: null,
  authority: null,
  patience: seconds(10),
});

/** A pack that only the second gateway has. */
const putPack = ({ world }: Context, content: string): Promise<string> =>
  world.at(1).shelf.work(async (work) => {
    await mkdir(join(work, 'in/web'), { recursive: true });
    await writeFile(join(work, 'in/web/default'), content);
    await chmod(join(work, 'in/web/default'), 0o755);
    const file = join(work, 'pack');
    execFileSync('tar', ['-czf', file, '-C', join(work, 'in'), '.']);
    const digest = createHash('sha256')
      .update(await readFile(file))
      .digest('hex');
    await world.at(1).shelf.put(file, digest);
    return digest;
  });

test.before(async (context) => {
  context.world = await World.open(2);
  await context.world.hosts(1);
  context.digest = await putPack(context, '#!/bin/sh\n');
  await context.world.pack(context.digest);
  await context.world.at(0).objects.caughtUp(context.world.at(1).objects.revision());
  const { cluster, role, batch, token } = context.world.config();
  const answer = await enrol(routeTo(context.world.at(0).url), {
    cluster,
    role,
    batch,
    token,
    machine: 'i-1',
  });
  assert.is(answer._tag, 'Enrolled');
  context.who = { machine: 'i-1', credential: answer._tag === 'Enrolled' ? answer.answer.credential : '' };
});
test.after(({ world }) => world.close());

let made = 0;
test.beforeEach((context) => {
  made += 1;
  context.folder = join(context.world.folder, `host-${String(made)}`);
});

/** The gateways in turn, the first one first. */
const fetcher = (
  { world, who, folder }: Context,
  more: {
    readonly clock?: Clock;
    readonly who?: Credential;
    readonly tried?: string[];
    readonly route?: () => Route;
  } = {},
) =>
  packsOver({
    of: 'cookbooks',
    keeps: 5,
    folder,
    route: (attempt) => {
      if (more.route !== undefined) return more.route();
      const { url } = world.at(attempt % 2);
      more.tried?.push(url);
      return routeTo(url);
    },
    credential: () => more.who ?? who,
    clock: more.clock ?? systemClock,
    chance: systemChance,
    log: silentLog,
    signal: new AbortController().signal,
  });

/** Time that goes by as soon as somebody looks. */
const hasty = (): Clock => {
  let now = 0;
  return {
    ...systemClock,
    sleep: () => Promise.resolve(),
    monotonic: () => {
      now += minutes(1);
      return millis(now);
    },
  };
};

const never = new AbortController().signal;

const refused = async (asked: Promise<unknown>): Promise<Error> => {
  const error = await asked.then(
    () => null,
    (why: unknown) => why,
  );
  assert.instance(error, Error);
  return error as Error;
};

test('a gateway that lacks a pack says so to its controllers, and the next one gives it', async (context) => {
  const { world, digest, folder } = context;
  const lacking = firstValueFrom(world.at(0).shelf.lacking$);
  const tried: string[] = [];
  const place = await fetcher(context, { tried })(digest, never);
  assert.is(await lacking, 'shop');
  assert.equal(tried, [world.at(0).url, world.at(1).url]);
  assert.is(place, join(folder, digest));
  assert.is((await stat(join(place, 'web/default'))).mode & 0o777, 0o755);
  assert.equal(await readdir(folder), [digest]);
});

test('what is there is not fetched again', async (context) => {
  const tried: string[] = [];
  const packs = fetcher(context, { tried });
  await packs(context.digest, never);
  const before = tried.length;
  await packs(context.digest, never);
  assert.is(tried.length, before);
});

test('a pack that the cluster does not name is not given', async (context) => {
  const digest = await putPack(context, 'other');
  const error = await refused(fetcher(context, { clock: hasty() })(digest, never));
  assert.ok(error instanceof Refusal);
  assert.is(error.message, `cluster shop names no pack ${digest}`);
});

test('nor to anybody without the credential, who is not tried again', async (context) => {
  const tried: string[] = [];
  const who = { machine: 'i-1', credential: 'wrong' };
  const error = await refused(fetcher(context, { who, tried })(context.digest, never));
  assert.ok(error instanceof Refusal);
  assert.is(error.status, 401);
  assert.is(tried.length, 1);
});

test('what is not what its name says never comes into force', async (context) => {
  const { world, digest, folder } = context;
  const place = join(world.at(1).shelf.folder, digest);
  const content = await readFile(place);
  await writeFile(place, 'something else');
  try {
    const error = await refused(fetcher(context, { clock: hasty() })(digest, never));
    assert.match(error.message, /sent something else than the pack|does not have the pack/);
    assert.equal(await readdir(folder), []);
  } finally {
    await writeFile(place, content);
  }
});

test('gateways that give cookbooks to many hosts are waited for, at times that differ from host to host', async (context) => {
  let asked = 0;
  const busy = createServer((_asked, response) => {
    asked += 1;
    response.writeHead(asked > 8 ? 403 : 429).end();
  });
  await new Promise<void>((resolve) => busy.listen(0, '127.0.0.1', resolve));
  const pauses: number[] = [];
  const clock = { ...hasty(), sleep: (delay: Millis) => Promise.resolve(void pauses.push(delay)) };
  const route = () => routeTo(`http://127.0.0.1:${String((busy.address() as AddressInfo).port)}`);
  try {
    const error = await refused(fetcher(context, { clock, route })('f'.repeat(64), never));
    assert.ok(error instanceof Refusal);
    assert.is(error.status, 403, 'it waited for longer than for what does not answer');
    assert.is(pauses.length, 8);
    const fixed = pauses.every((pause) => pause % 1000 === 0);
    assert.not.ok(fixed, 'hosts that began together do not come again together');
  } finally {
    busy.close();
  }
});

test('it stops when the run does', async (context) => {
  const digest = 'f'.repeat(64);
  const stop = new AbortController();
  const asked = fetcher(context)(digest, stop.signal);
  stop.abort();
  await refused(asked);
});

test('a host keeps what it used lately and a few more', async (context) => {
  const { folder, digest } = context;
  const old = Array.from({ length: 7 }, (_, index) => String(index).repeat(64));
  for (const [index, name] of old.entries()) {
    await mkdir(join(folder, name), { recursive: true });
    const used = (systemClock.now() - hours(index + (name.startsWith('0') ? 0 : 2))) / 1000;
    await utimes(join(folder, name), used, used);
  }
  await mkdir(join(folder, 'new-left-by-a-crash'));
  await fetcher(context)(digest, never);
  assert.equal((await readdir(folder)).sort(), [...old.slice(0, 4), digest].sort());
});
