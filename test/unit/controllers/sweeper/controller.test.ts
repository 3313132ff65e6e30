import { NEVER } from 'rxjs';
import * as E from 'fp-ts/lib/Either.js';
import { millis } from '../../../../api-types/units.js';
import { TAGS } from '../../../../cloud/cloud.js';
import { sweeperController } from '../../../../controllers/sweeper/controller.js';
import { silentLog } from '../../../../runtime/log.js';
import type { Fence } from '../../../../store/objects/objects.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeCloud } from '../../../fake/cloud.js';
import { fakeClouds } from '../../../fake/clouds.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('the sweeper looks at everything that is ours');

test('machines of a cluster that is no more are told of and left alone', async () => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  const cloud = fakeCloud({ clock });
  objects.has(ref('Cloud', null, 'local'), { spec: { provider: 'local' } });
  const launch = (cluster: string) =>
    cloud.cloud.runInstances({
      token: cluster,
      count: 1,
      zone: 'local-1a',
      subnetId: null,
      imageId: 'ami-1',
      instanceType: 't3.micro',
      keyName: null,
      tags: { [TAGS.installation]: objects.installation, [TAGS.cluster]: cluster, [TAGS.batch]: 'b' },
      userData: '',
    })();
  const launched = await launch('gone');
  assert.ok(E.isRight(launched));
  await clock.advance(3_600_000);
  const fence: Fence = { compare: { key: 'owner', target: 'create', equals: 1 }, left: () => 60_000 };
  const sweeper = sweeperController({
    objects,
    clouds: fakeClouds({ local: cloud.open }),
    ownership: { of: () => fence, changes$: NEVER },
    clock,
    log: silentLog,
    hold: () => false,
    settings: { launchWindow: millis(60_000) },
  });
  assert.ok(E.isRight(await sweeper.reconcile('local')()));
  const events = objects.list('Event').map(({ status }) => status);
  assert.equal(
    events.map(({ reason, regarding }) => `${reason} ${regarding.kind} ${regarding.name}`),
    ['Stranger Cloud local'],
  );
  assert.match(events[0]?.message ?? '', /cluster gone, which is not there any more/);
  assert.is(cloud.alive().length, 1);
});
