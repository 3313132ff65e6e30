/** Killed at any moment, again and again: no slot without its machine, no machine without its slot. */
import { EC2Client, paginateDescribeInstances, type Instance } from '@aws-sdk/client-ec2';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededChance } from '../../runtime/chance.js';
import { assert, suite } from '../suite.js';
import { makeWorld, type World } from './world.js';

const HOSTS = 13;
const KILLS = 5;
const LONGEST_MS = 6000;

const test = suite<{ world: World }>('kill -9 at any moment', { world: null as unknown as World });

test.beforeEach(async (context) => {
  context.world = await makeWorld();
});

test.afterEach(async ({ world }) => {
  await world.end();
});

const liveMachines = async (world: World): Promise<readonly Instance[]> => {
  const credentials = readFileSync(join(world.data, 'aws/credentials'), 'utf8');
  const read = (key: string): string => new RegExp(`${key}\\s*=\\s*(\\S+)`).exec(credentials)?.[1] ?? '';
  const endpoint = (await world.scalarium('local-cloud', 'endpoint')).stdout.trim();
  const client = new EC2Client({
    region: 'local',
    endpoint,
    credentials: { accessKeyId: read('aws_access_key_id'), secretAccessKey: read('aws_secret_access_key') },
  });
  const found: Instance[] = [];
  for await (const page of paginateDescribeInstances({ client }, {}))
    found.push(...(page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []));
  client.destroy();
  return found.filter((instance) => !['terminated', 'shutting-down'].includes(instance.State?.Name ?? ''));
};

const sortedIds = (ids: readonly (string | undefined)[]): readonly string[] =>
  ids.map((id) => id ?? '').sort();

const settled = async (world: World): Promise<void> => {
  const instances = await world.allOnline(HOSTS);
  const machines = await liveMachines(world);
  assert.equal(
    sortedIds(machines.map((machine) => machine.InstanceId)),
    sortedIds(instances.map((instance) => instance.status.machine?.id)),
    'the live machines are exactly those that the slots name',
  );
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test('the control plane alone, at seeded moments of bring-up', async ({ world }) => {
  const chance = seededChance(7);
  for (let kill = 0; kill < KILLS; kill += 1) {
    world.start();
    await pause(chance.number() * LONGEST_MS);
    world.process().kill('SIGKILL');
    await world.ended();
  }
  world.start();
  await settled(world);
});

test('everything that npm start started, at seeded moments of bring-up', async ({ world }) => {
  const chance = seededChance(11);
  for (let kill = 0; kill < KILLS; kill += 1) {
    world.start();
    await pause(chance.number() * LONGEST_MS);
    await world.killEverything();
  }
  world.start();
  await settled(world);
});
