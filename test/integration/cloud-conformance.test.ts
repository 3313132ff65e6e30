import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { millis } from '../../api-types/units.js';
import { openEc2Cloud } from '../../cloud/ec2/ec2.js';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { start } from '../build/local-cloud.js';
import { motoPath, startMoto } from '../build/moto.js';
import { cloudConformance, type CloudUnderTest } from '../conformance/cloud.js';

const quotas = Object.fromEntries(
  ['RunInstances', 'StartInstances', 'DescribeInstances'].map((action) => [
    action,
    { requestBurst: 10_000, requestsPerSecond: 1000, resourceBurst: 10_000, resourcesPerSecond: 1000 },
  ]),
);
const rest = { clock: systemClock, chance: seededChance(1), log: silentLog, quotas };
const pass = (): Promise<void> => systemClock.sleep(millis(20));

cloudConformance('ec2 adapter on the local cloud', async (): Promise<CloudUnderTest> => {
  const directory = await mkdtemp(join(tmpdir(), 'cloud-conformance-'));
  const local = await start(directory);
  const cloud = openEc2Cloud({
    endpoint: local.url,
    region: 'local',
    provider: 'local',
    credentials: local.credentials.default,
    ...rest,
  });
  return {
    cloud,
    pass,
    close: async () => {
      await local.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
});

const path = motoPath();
if (path === null) process.stdout.write('moto_server is not on PATH: its conformance run is left out\n');
else
  cloudConformance('ec2 adapter on moto', async (): Promise<CloudUnderTest> => {
    const moto = await startMoto(path);
    const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
    const cloud = openEc2Cloud({
      endpoint: moto.url,
      region: 'us-east-1',
      provider: 'openstack',
      credentials,
      ...rest,
    });
    return { cloud, pass, close: moto.stop };
  });
