/** Packs that a host makes of a source, on their way into the artifact store. */
import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runFetchOrder } from '../../agent/fetch-order.js';
import { Refusal, sendPiece, type Asking, type Credential } from '../../agent/requests.js';
import { uploadsOver } from '../../agent/uploads.js';
import { PIECE_BYTES } from '../../api-types/agent-protocol.js';
import type { ApplicationSource } from '../../api-types/application-source.js';
import { systemChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import {
  deployment,
  never,
  packOf,
  refOf,
  routeTo,
  said,
  withArtifacts,
  write,
  type ArtifactsContext as Context,
} from '../build/artifacts.js';
import { startGitServer } from '../build/git-server.js';
import { release } from '../build/releases.js';
import { assert } from '../suite.js';

const test = withArtifacts('packs that hosts bring');

const uploads = (
  context: Context,
  who: Credential,
  more: Partial<Asking> = {},
): ReturnType<typeof uploadsOver> =>
  uploadsOver({
    route: () => routeTo(context.world.at(0).url),
    credential: () => who,
    clock: systemClock,
    chance: systemChance,
    log: silentLog,
    signal: never,
    ...more,
  });

const SOURCE: ApplicationSource = { type: 'git', url: 'https://x.example/y' };

/** Tells `i-1` to fetch. */
const toFetch = async (context: Context, source = SOURCE) => {
  const made = await deployment(context, { phase: 'Fetching' });
  const { ref, uid } = made;
  const order = { uid, deployment: ref.name, application: 'web', step: 'fetch' as const, source };
  const event = {
    event: 'deploy',
    cause: 'a test',
    createdAt: '2026-01-01T00:00:00.000Z',
    snapshot: { version: 1, digest: '' },
    targets: [{ instance: 'app-1', machine: 'i-1' }],
    deployment: order,
  };
  await write(context, [
    { write: 'status', ref: refOf('LifecycleEvent', `release-fetch-${ref.name}`), patch: event },
  ]);
  const end = (patch: Record<string, unknown>): Promise<void> =>
    write(context, [{ write: 'status', ref, patch }]);
  return { order, end };
};

test('a host that was told to fetch a source brings the pack, piece by piece; nobody else does', async (context) => {
  const { world, who, other } = context;
  const content = systemChance.bytes(2 * PIECE_BYTES + 17);
  const { file, digest } = await packOf(context, content);
  assert.match(await said(uploads(context, who)(file, digest, never)), /was not told to fetch anything now/);
  const { end } = await toFetch(context);
  assert.match(await said(uploads(context, other)(file, digest, never)), /app-2 was not told to fetch/);
  await uploads(context, who)(file, digest, never);
  const kept = await world.at(0).artifacts.get(digest);
  assert.is(kept?.bytes, (await readFile(file)).length);
  await uploads(context, who)(file, digest, never);
  const again = await packOf(context, 'another');
  await end({ release: release(3, { digest }) });
  assert.match(await said(uploads(context, who)(again.file, again.digest, never)), /was not told to fetch/);
  await end({ phase: 'Succeeded' });
  const left = (await readdir(world.at(0).artifacts.folder)).filter((name) => name.startsWith('work-'));
  assert.equal(left, []);
});

test('what is cut off goes on where it was, and with another gateway from the beginning', async (context) => {
  const { world, who } = context;
  const { file, digest } = await packOf(context, systemChance.bytes(3 * PIECE_BYTES));
  const { end } = await toFetch(context);
  const whole = await readFile(file);
  const first = {
    digest,
    bytes: whole.length,
    at: 0,
    content: whole.subarray(0, PIECE_BYTES),
    signal: never,
  };
  assert.equal(await sendPiece(routeTo(world.at(0).url), who, first), {
    there: false,
    received: PIECE_BYTES,
  });
  assert.equal(await sendPiece(routeTo(world.at(0).url), who, first), {
    there: false,
    received: PIECE_BYTES,
  });
  await uploads(context, who)(file, digest, never);
  assert.is(await world.at(0).artifacts.has(digest), true);
  await uploads(context, who, { route: () => routeTo(world.at(1).url) })(file, digest, never);
  assert.equal(context.bucket.objects.get(`packs/x/${digest}`), whole);
  await end({ phase: 'Failed' });
});

test('what is not what its name says, and what is too large, is refused', async (context) => {
  const { world, who } = context;
  const { file } = await packOf(context, 'something else');
  const { end } = await toFetch(context);
  const name = 'a'.repeat(64);
  assert.match(await said(uploads(context, who)(file, name, never)), /what came is not the pack a{64}/);
  assert.is(await world.at(0).artifacts.has(name), false);
  const large = { digest: name, bytes: 600 * 1024 ** 2, at: 0, content: Buffer.alloc(1), signal: never };
  const refused = await sendPiece(routeTo(world.at(0).url), who, large).catch((error: unknown) => error);
  assert.ok(refused instanceof Refusal);
  assert.is(refused.status, 413);
  const odd = { ...large, digest: 'passwd', bytes: 1 };
  assert.match(await said(sendPiece(routeTo(world.at(0).url), who, odd)), /"passwd" is no digest of a pack/);
  await end({ phase: 'Failed' });
});

test('a store that takes nothing for a while is tried again', async (context) => {
  const { world, who, bucket } = context;
  const { file, digest } = await packOf(context, 'at last');
  const { end } = await toFetch(context);
  bucket.refuse(true);
  let pauses = 0;
  const sleep = (): Promise<void> => {
    pauses += 1;
    if (pauses > 2) bucket.refuse(false);
    return Promise.resolve();
  };
  const route = () => routeTo(world.at(1).url);
  await uploads(context, who, { route, clock: { ...systemClock, sleep } })(file, digest, never);
  assert.is(bucket.objects.has(`packs/x/${digest}`), true);
  await end({ phase: 'Failed' });
});

test('an order to fetch: the host fetches, packs and brings it, with the Secret of the source', async (context) => {
  const { world, who } = context;
  const server = await startGitServer({ 'server.js': 'x' }, { user: 'ci', password: 'hunter22' });
  try {
    const { order, end } = await toFetch(context, { type: 'git', url: server.url, secret: 'token' });
    const root = await mkdtemp(join(world.folder, 'root-'));
    const run = (password: string) =>
      runFetchOrder(
        {
          root,
          clock: systemClock,
          secrets: () => Promise.resolve({ user: 'ci', password }),
          upload: uploads(context, who),
        },
        { order, instance: 'app-1', signal: never },
      );
    const { failure, pack } = await run('hunter22');
    assert.is(failure, null);
    assert.is(pack?.revision, server.git('rev-parse', 'HEAD'));
    assert.is(await world.at(0).artifacts.has(pack?.digest ?? ''), true);
    const wrong = await run('hunter33');
    assert.match(
      wrong.failure ?? '',
      /^application web \(git\): git could not ask .*who asks: name a Secret/s,
    );
    assert.not.match(wrong.failure ?? '', /hunter33/);
    assert.is(wrong.stage, 'fetch');
    assert.equal(await readdir(join(root, 'var/lib/scalarium/sources')), []);
    await server.end();
    const silent = await run('hunter22');
    assert.match(silent.failure ?? '', /it does not answer: check url, and that host app-1 can reach it/);
    await end({ phase: 'Failed' });
  } finally {
    await server.end();
  }
});
