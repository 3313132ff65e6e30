/** What the local cloud still knows after it ended, by wish or not. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../build/free-port.js';
import { QUICK, clientFor, launch, start, untilState } from '../build/local-cloud.js';
import { assert, suite } from '../suite.js';

const test = suite('local cloud over restarts');

test('is the same cloud after a restart, on the same port, and one directory has one', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'local-cloud-'));
  const first = await start(directory, QUICK, 1, await freePort());
  const ec2 = clientFor(first.url, first.credentials.default);
  const ids = await launch(ec2, { MaxCount: 2, ClientToken: 'kept' });
  assert.match(
    await start(directory).then(
      () => 'started twice',
      (error: unknown) => (error as Error).message,
    ),
    /is in use by process \d+ \(local-cloud\)/,
  );
  await first.close();
  const second = await start(directory, QUICK, 2);
  assert.is(second.port, first.port);
  assert.equal(second.credentials, first.credentials);
  await untilState(ec2, ids, 'running');
  assert.equal(await launch(ec2, { MaxCount: 2, ClientToken: 'kept' }), ids);
  ec2.destroy();
  await second.close();
  await rm(directory, { recursive: true, force: true });
});
