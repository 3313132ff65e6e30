/** Packs of applications from the artifact store to hosts. */
import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { packsOver } from '../../agent/packs.js';
import { seconds } from '../../api-types/units.js';
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
import { release } from '../build/releases.js';
import { assert } from '../suite.js';

const test = withArtifacts('packs of applications');

/** On the shelf of one gateway. */
const onShelf = async (context: Context, gateway: number, content: string): Promise<string> => {
  const { file, digest } = await packOf(context, content);
  const { artifacts } = context.world.at(gateway);
  await artifacts.work(async (work) => {
    await writeFile(join(work, 'pack'), await readFile(file));
    await artifacts.put(join(work, 'pack'), digest);
  });
  return digest;
};

const fetcher = (context: Context, gateway: number | string, folder: string, who = context.who) => {
  const url = typeof gateway === 'string' ? gateway : context.world.at(gateway).url;
  let attempts = 0;
  return packsOver({
    of: 'application',
    keeps: 2,
    folder: join(context.world.folder, folder),
    route: () => routeTo(url),
    credential: () => who,
    clock: {
      ...systemClock,
      sleep: () => Promise.resolve(),
      // three attempts, and no more
      monotonic: () => seconds((attempts += 1) > 3 ? 1_000_000 : 0),
    },
    chance: systemChance,
    log: silentLog,
    signal: never,
  });
};

const inForce = (context: Context, digest: string, roles = ['app']): Promise<void> =>
  write(context, [
    { write: 'status', ref: refOf('Application', 'web'), patch: { current: release(1, { digest, roles }) } },
  ]);

test('hosts are given what their roles run, and what others run they are not', async (context) => {
  const digest = await onShelf(context, 0, 'in force');
  assert.match(await said(fetcher(context, 0, 'a')(digest, never)), /cluster shop names no pack/);
  await inForce(context, digest, ['other-role']);
  assert.match(await said(fetcher(context, 0, 'a')(digest, never)), /cluster shop names no pack/);
  await inForce(context, digest);
  const place = await fetcher(context, 0, 'a')(digest, never);
  assert.is(await readFile(join(place, 'server.js'), 'utf8'), 'in force');
});

test('what a Deployment brings is given while it goes on', async (context) => {
  const digest = await onShelf(context, 0, 'on its way');
  const { ref } = await deployment(context, {
    phase: 'Preparing',
    release: release(2, { digest, roles: ['app'] }),
  });
  await fetcher(context, 0, 'b')(digest, never);
  await write(context, [{ write: 'status', ref, patch: { phase: 'Failed' } }]);
  assert.match(await said(fetcher(context, 0, 'c')(digest, never)), /names no pack/);
});

test('from a bucket hosts fetch themselves, and tell it nothing of who they are', async (context) => {
  const { bucket } = context;
  const digest = await onShelf(context, 1, 'in a bucket');
  await inForce(context, digest);
  const before = bucket.asked.length;
  const place = await fetcher(context, 1, 'd')(digest, never);
  assert.is(await readFile(join(place, 'server.js'), 'utf8'), 'in a bucket');
  assert.equal(
    bucket.asked.slice(before).filter(({ method }) => method === 'GET'),
    [{ method: 'GET', place: `packs/x/${digest}` }],
  );
});

test('the address is asked without the credential; where it gives nothing, the gateway does', async (context) => {
  const digest = await onShelf(context, 0, 'through the gateway');
  await inForce(context, digest);
  const seen: IncomingMessage[] = [];
  const elsewhere = createServer((request, response) => {
    seen.push(request);
    response.writeHead(403).end();
  });
  const asked: string[] = [];
  const before = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (!(request.url ?? '').includes('direct')) {
      const { port } = elsewhere.address() as AddressInfo;
      response.writeHead(307, { location: `http://127.0.0.1:${String(port)}/there?signed=yes` }).end('{}');
      return;
    }
    const { headers } = request;
    void fetch(`${context.world.at(0).url}${request.url ?? ''}`, {
      headers: headers as Record<string, string>,
    }).then(async (answer) => response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer())));
  });
  for (const server of [elsewhere, before])
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = before.address() as AddressInfo;
    const place = await fetcher(context, `http://127.0.0.1:${String(port)}`, 'e')(digest, never);
    assert.is(await readFile(join(place, 'server.js'), 'utf8'), 'through the gateway');
    assert.equal(asked, [`/agent/v1/packs/${digest}`, `/agent/v1/packs/${digest}?direct`]);
    assert.is(seen[0]?.url, '/there?signed=yes');
    assert.is(seen[0]?.headers.authorization, undefined);
    assert.is(seen[0]?.headers['x-scalarium-machine'], undefined);
  } finally {
    for (const server of [elsewhere, before]) server.close();
  }
});

test('a bucket that does not answer keeps nobody from what a gateway has', async (context) => {
  const { bucket } = context;
  const digest = await onShelf(context, 1, 'kept');
  await inForce(context, digest);
  bucket.refuse(true);
  try {
    const place = await fetcher(context, 1, 'f')(digest, never);
    assert.is(await readFile(join(place, 'server.js'), 'utf8'), 'kept');
  } finally {
    bucket.refuse(false);
  }
});

test('hosts that cannot reach the bucket have it read once for all of them', async (context) => {
  const { bucket, world, who } = context;
  const digest = await onShelf(context, 1, 'x'.repeat(100_000));
  await inForce(context, digest);
  const { artifacts } = world.at(1);
  await rm(join(artifacts.folder, digest));
  const before = bucket.asked.length;
  const headers = { authorization: `Bearer ${who.credential}`, 'x-scalarium-machine': who.machine };
  const url = `${world.at(1).url}/agent/v1/packs/${digest}?direct`;
  const answers = await Promise.all(Array.from({ length: 10 }, () => fetch(url, { headers })));
  for (const answer of answers)
    assert.is(
      createHash('sha256')
        .update(Buffer.from(await answer.arrayBuffer()))
        .digest('hex'),
      digest,
    );
  assert.is(bucket.asked.slice(before).filter(({ method }) => method === 'GET').length, 1);
});
