/** Gateways with artifact stores, hosts that have enrolled, and an Application whose hosts are those of the role `app`. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { enrol, type Credential, type Route } from '../../agent/requests.js';
import type { DeploymentStatus } from '../../api-types/kinds/deployment.js';
import { seconds } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { openShelf } from '../../runtime/shelf.js';
import { openBucketShelf } from '../../sources/s3/shelf.js';
import type { Ref, Write } from '../../store/objects/objects.js';
import { assert, suite, type Suite } from '../suite.js';
import { World } from './gateways.js';
import { S3_KEYS, startS3Server, type S3Server } from './s3-server.js';

export interface ArtifactsContext {
  world: World;
  bucket: S3Server;
  /** `i-1` is of the role `app`. */
  who: Credential;
  other: Credential;
}

export const routeTo = (gateway: string): Route => ({
  gateway,
  localAddress: null,
  authority: null,
  patience: seconds(10),
});

const credentialOf = async (world: World, machine: string): Promise<Credential> => {
  const { cluster, role, batch, token } = world.config();
  const answer = await enrol(routeTo(world.at(0).url), { cluster, role, batch, token, machine });
  assert.is(answer._tag, 'Enrolled');
  return { machine, credential: answer._tag === 'Enrolled' ? answer.answer.credential : '' };
};

export const write = async ({ world }: ArtifactsContext, writes: readonly Write[]): Promise<void> => {
  const revision = await orThrow(world.objects.write(null, writes));
  for (const gateway of world.gateways) await gateway.objects.caughtUp(revision);
};

export const refOf = <K extends 'Application' | 'Deployment' | 'LifecycleEvent'>(
  kind: K,
  name: string,
): Ref<K> => ({
  kind,
  cluster: 'shop',
  name,
});

export const never = new AbortController().signal;

/** A pack with this content, made but put nowhere. */
export const packOf = async ({ world }: ArtifactsContext, content: string | Buffer) => {
  const folder = await mkdtemp(join(world.folder, 'pack-'));
  await mkdir(join(folder, 'in'));
  await writeFile(join(folder, 'in/server.js'), content);
  const file = join(folder, 'pack');
  execFileSync('tar', ['-czf', file, '-C', join(folder, 'in'), '.']);
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  return { file, digest };
};

export const said = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'it was not refused',
    (error: unknown) => (error as Error).message,
  );

let deployments = 0;

/** One that goes on, unless told; gives its name and uid. */
export const deployment = async (context: ArtifactsContext, status: DeploymentStatus) => {
  deployments += 1;
  const ref = refOf('Deployment', `d-${String(deployments)}`);
  const spec = { application: 'web', command: 'deploy' };
  await write(context, [{ write: 'create', ref, document: { spec } }]);
  await write(context, [{ write: 'status', ref, patch: { ...status } }]);
  return { ref, uid: context.world.at(0).objects.get(ref)?.uid ?? '' };
};

/** A suite over two gateways: the first one keeps packs in a directory, the second in a bucket. */
export const withArtifacts = (name: string): Suite<ArtifactsContext> => {
  const test = suite<ArtifactsContext>(name, {} as ArtifactsContext);
  test.before(async (context) => {
    const bucket = await startS3Server();
    context.bucket = bucket;
    let opened = 0;
    const settings = { bucket: 'packs', prefix: 'x', endpoint: bucket.url, keys: S3_KEYS };
    context.world = await World.open(2, {
      artifacts: (folder) => {
        opened += 1;
        return opened === 1 ? openShelf(folder, systemClock) : openBucketShelf(settings, folder, systemClock);
      },
    });
    await context.world.hosts(2);
    context.who = await credentialOf(context.world, 'i-1');
    context.other = await credentialOf(context.world, 'i-2');
    const ref = refOf('Application', 'web');
    const spec = { type: 'nodejs', source: { type: 'git', url: 'https://x.example/y' }, roles: ['app'] };
    await write(context, [{ write: 'create', ref, document: { spec } }]);
  });

  test.after(async ({ world, bucket }) => {
    await world.close();
    bucket.end();
  });

  return test;
};
