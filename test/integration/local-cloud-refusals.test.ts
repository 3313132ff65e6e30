/** What the local cloud refuses, and what it does wrong when told to. */
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { millis } from '../../api-types/units.js';
import {
  QUICK,
  clientFor,
  describe,
  errorName,
  launch,
  untilState,
  withCloud,
} from '../build/local-cloud.js';
import { PATIENCE_MS } from '../build/patience.js';
import { assert, suite } from '../suite.js';

/** So that a slow driver still sees each state. */
const SLOW = { ...QUICK, boot: millis(3000), terminate: millis(3000) };

const test = suite('local cloud: refusals and faults');

test(
  'a wrong secret, an unknown key and no signature at all are refused',
  withCloud(async ({ cloud, ec2 }) => {
    await launch(ec2);
    const forged = clientFor(cloud.url, { ...cloud.credentials.default, secretAccessKey: 'wrong' });
    assert.is(await errorName(launch(forged)), 'SignatureDoesNotMatch');
    const stranger = clientFor(cloud.url, { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' });
    assert.is(await errorName(launch(stranger)), 'InvalidClientTokenId');
    const late = new EC2Client({
      region: 'local',
      endpoint: cloud.url,
      maxAttempts: 1,
      credentials: cloud.credentials.default,
      systemClockOffset: -3_600_000,
    });
    assert.is(await errorName(launch(late)), 'RequestExpired');
    const bare = await fetch(`${cloud.url}/?Action=DescribeInstances`);
    assert.is(bare.status, 401);
    assert.match(await bare.text(), /<Code>AuthFailure<\/Code>/);
    assert.is((await fetch(`${cloud.url}/_scalarium/machines`)).status, 401);
    for (const client of [forged, stranger, late]) client.destroy();
  }),
);

test(
  'throttles as Amazon publishes, each access key on its own',
  withCloud(
    async ({ cloud, ec2 }) => {
      const names = await Promise.all(Array.from({ length: 8 }, () => errorName(launch(ec2))));
      assert.ok(names.filter((name) => name === 'none').length >= 5);
      assert.ok(names.includes('RequestLimitExceeded'));
      const hosts = clientFor(cloud.url, cloud.credentials.hosts);
      assert.is(await errorName(launch(hosts)), 'none');
      hosts.destroy();
    },
    { ...QUICK, quotas: {} },
  ),
);

test(
  'does wrong when told to',
  withCloud(async ({ ec2, admin }) => {
    const [id = ''] = await launch(ec2);
    await untilState(ec2, [id], 'running');
    await admin.throttle('RunInstances', 1);
    assert.is(await errorName(launch(ec2)), 'RequestLimitExceeded');
    await admin.limitCapacity(2, 'local-1');
    assert.is((await launch(ec2, { MaxCount: 5 })).length, 2);
    assert.is(await errorName(launch(ec2)), 'InsufficientInstanceCapacity');
    await admin.limitCapacity(null, 'local-1');
    await admin.answer({
      action: 'RunInstances',
      calls: 1,
      when: 'after',
      error: { code: 'InternalError', message: 'lost', status: 500 },
    });
    const token = { ClientToken: 'lost-answer' };
    assert.is(await errorName(launch(ec2, token)), 'InternalError');
    const before = (await admin.machines()).length;
    assert.is((await launch(ec2, token)).length, 1);
    assert.is((await admin.machines()).length, before);
    await admin.omit([id], 60_000);
    assert.is(await errorName(describe(ec2, [id])), 'InvalidInstanceID.NotFound');
    await admin.clearFaults();
    await admin.freezeDescriptions(60_000);
    await admin.kill(id);
    assert.is((await describe(ec2, [id]))[0]?.State?.Name, 'running');
    await admin.clearFaults();
    const dead = (await describe(ec2, [id]))[0];
    assert.is(dead!.State!.Name, 'terminated');
    assert.is(dead!.StateReason!.Code, 'Server.InternalError');
    await admin.stillborn(1);
    const [stillborn = ''] = await launch(ec2);
    await untilState(ec2, [stillborn], 'terminated');
    assert.ok((await admin.calls()).calls['default']!['RunInstances']! >= 7);
  }),
);

test(
  'tells a driver of changes as they happen',
  withCloud(async ({ ec2, admin }) => {
    const empty = await admin.changes('', 0);
    assert.ok(empty.reset);
    const waiting = admin.changes(empty.cursor, PATIENCE_MS);
    const [id = ''] = await launch(ec2, { UserData: Buffer.from('hello').toString('base64') });
    let feed = await waiting;
    assert.is(feed.machines[0]?.state, 'pending');
    feed = await admin.changes(feed.cursor, PATIENCE_MS);
    assert.is(feed.machines[0]?.state, 'running');
    assert.is(feed.machines[0]?.userData, 'hello');
    await ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    feed = await admin.changes(feed.cursor, PATIENCE_MS);
    assert.is(feed.machines[0]?.state, 'shutting-down');
  }, SLOW),
);
