import * as E from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import { seconds } from '../../../../api-types/units.js';
import { openMachines } from '../../../../cloud/machines.js';
import { openClouds, type OpenClouds } from '../../../../controllers/clouds/controller.js';
import { seededChance } from '../../../../runtime/chance.js';
import { orThrow, stalled, transient } from '../../../../runtime/failure.js';
import { silentLog } from '../../../../runtime/log.js';
import { sealTexts } from '../../../../runtime/sealing.js';
import { specKey } from '../../../../store/keys.js';
import type { Fence } from '../../../../store/objects/objects.js';
import { GLOBAL } from '../../../../store/ownership.js';
import { TEST_SEALER } from '../../../build/server.js';
import { virtualClock, type VirtualClock } from '../../../fake/clock.js';
import { fakeCloud, type FakeCloud } from '../../../fake/cloud.js';
import { fakeObjects, ref, type FakeObjects } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const FENCE: Fence = { compare: { key: '/owner', target: 'create', equals: 1 }, left: () => 10_000 };

interface Scene {
  readonly clock: VirtualClock;
  readonly objects: FakeObjects;
  readonly clouds: OpenClouds;
  /** Every fake opened, in order. */
  readonly fakes: FakeCloud[];
  /** The secret key each was opened with. */
  readonly signedWith: (string | null)[];
  readonly nextFake: (prepare: (fake: FakeCloud) => void) => void;
  own(fence: Fence | null): void;
  readonly woken: string[];
}

const scene = (fence: Fence | null = FENCE): Scene => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  const fakes: FakeCloud[] = [];
  const signedWith: (string | null)[] = [];
  const changes = new Subject<string>();
  let held = fence;
  let prepare: (fake: FakeCloud) => void = () => undefined;
  const clouds = openClouds({
    objects,
    ownership: { of: (name) => (name === GLOBAL ? held : null), changes$: changes },
    clock,
    log: silentLog,
    sealer: TEST_SEALER,
    open: (_name, _spec, credentials) => {
      signedWith.push(credentials?.secretAccessKey ?? null);
      const fake = fakeCloud({ clock });
      prepare(fake);
      fakes.push(fake);
      return fake.cloud;
    },
    watch: (cloud) =>
      openMachines({ cloud, installation: 'inst', clock, chance: seededChance(1), log: silentLog }),
  });
  const woken: string[] = [];
  clouds.controller.wake$.subscribe((name) => woken.push(name));
  return {
    clock,
    objects,
    clouds,
    fakes,
    signedWith,
    nextFake: (next) => {
      prepare = next;
    },
    own: (next) => {
      held = next;
      changes.next(GLOBAL);
    },
    woken,
  };
};

const LOCAL = ref('Cloud', null, 'local');
const has = ({ objects }: Scene, region = 'us-east-1'): void => {
  objects.has(LOCAL, { spec: { provider: 'local', region } });
};
const run = ({ clouds }: Scene) => orThrow(clouds.controller.reconcile('local'));
const statusOf = ({ objects }: Scene) => objects.get(LOCAL)!.status;
const conditionsOf = (the: Scene): string =>
  ['Ready', 'Reconciling', 'Stalled']
    .map((type) => `${type}=${statusOf(the).conditions?.[type]?.status ?? '-'}`)
    .join(' ');

const test = suite('clouds: adapters follow Cloud objects');

test('a Cloud whose probe succeeds is usable, and its status says what was found', async () => {
  const the = scene();
  has(the);
  const changed: string[] = [];
  the.clouds.clouds.changes$.subscribe((name) => changed.push(name));
  assert.is(the.clouds.clouds.get('local'), null);
  await run(the);
  assert.is(the.clouds.clouds.get('local')?.cloud, the.fakes[0]!.cloud);
  assert.equal(changed, ['local']);
  assert.is(conditionsOf(the), 'Ready=True Reconciling=False Stalled=False');
  assert.equal(statusOf(the).zones, ['zone-a', 'zone-b']);
  assert.is(statusOf(the).honoursClientTokens, true);
  assert.is(statusOf(the).observedGeneration, 1);
  assert.is(statusOf(the).appliedGeneration, 1);
  the.clouds.close();
});

test('running again opens, probes and writes nothing more', async () => {
  const the = scene();
  has(the);
  await run(the);
  const writes = the.objects.written.length;
  await the.clock.advance(1000);
  await run(the);
  assert.is(the.objects.written.length, writes);
  assert.is(the.fakes.length, 1);
  assert.is(the.fakes[0]!.cloud.calls()['Capabilities'], 1);
  the.clouds.close();
});

const failures = [
  {
    name: 'an endpoint that is down: reconciling, soon again',
    failure: transient('CloudUnavailable', 'http://127.0.0.1:1 cannot be reached'),
    conditions: 'Ready=False Reconciling=True Stalled=False',
    says: /127\.0\.0\.1:1 cannot be reached; check that the endpoint is right/,
    within: seconds(5),
  },
  {
    name: 'a throttle says when to come back',
    failure: transient('Throttled', 'too fast', { retryAfter: seconds(7) }),
    conditions: 'Ready=False Reconciling=True Stalled=False',
    says: /too fast/,
    within: seconds(7),
  },
  {
    name: 'bad credentials: stalled, a person must act, looked at every minute',
    failure: stalled('BadCredentials', 'http://x answered AuthFailure'),
    conditions: 'Ready=False Reconciling=False Stalled=True',
    says: /AuthFailure; check the access key/,
    within: seconds(60),
  },
];

for (const row of failures)
  test(row.name, async () => {
    const the = scene();
    the.nextFake((fake) => {
      fake.failNext('Capabilities', row.failure);
    });
    has(the);
    const outcome = await run(the);
    assert.is(conditionsOf(the), row.conditions);
    assert.match(statusOf(the).conditions!['Ready']!.message, row.says);
    assert.is(statusOf(the).conditions!['Ready']!.reason, row.failure.reason);
    assert.is(outcome._tag === 'After' ? outcome.after : null, row.within);
    assert.is(the.clouds.clouds.get('local'), null);
    await run(the);
    assert.is(conditionsOf(the), 'Ready=True Reconciling=False Stalled=False');
    assert.is.not(the.clouds.clouds.get('local'), null);
    the.clouds.close();
  });

test('an edited Cloud gets a new adapter, and the old one sweeps no more', async () => {
  const the = scene();
  has(the);
  await run(the);
  await the.clock.advance(1);
  has(the, 'eu-west-1');
  assert.equal(the.woken, ['local', 'local']);
  await run(the);
  assert.is(the.fakes.length, 2);
  assert.is(the.clouds.clouds.get('local')?.cloud, the.fakes[1]!.cloud);
  const sweeps = the.fakes[0]!.cloud.calls()['DescribeInstances'];
  await the.clock.advance(60_000);
  assert.is(the.fakes[0]!.cloud.calls()['DescribeInstances'], sweeps);
  assert.is(statusOf(the).observedGeneration, 2);
  the.clouds.close();
});

test('a standby opens but writes nothing, and writes once it owns', async () => {
  const the = scene(null);
  has(the);
  await run(the);
  assert.is.not(the.clouds.clouds.get('local'), null);
  assert.equal(the.objects.written, []);
  the.own(FENCE);
  assert.is(the.woken.at(-1), 'local');
  await run(the);
  assert.is(conditionsOf(the), 'Ready=True Reconciling=False Stalled=False');
  the.clouds.close();
});

test('our own status writes do not wake us', async () => {
  const the = scene();
  has(the);
  const before = the.woken.length;
  await run(the);
  assert.is(the.woken.length, before);
  the.clouds.close();
});

test('a deleted Cloud stays open for its clusters and goes with the last of them', async () => {
  const the = scene();
  const shop = ref('Cluster', null, 'shop');
  has(the);
  the.objects.has(shop, { spec: { cloud: 'local' } });
  await run(the);
  the.objects.deleteRaw(LOCAL);
  await run(the);
  assert.is.not(the.clouds.clouds.get('local'), null);
  assert.match(statusOf(the).conditions!['Ready']!.message, /kept until its clusters are gone: shop/);
  the.objects.deleteRaw(shop);
  const record = the.objects.get(shop)!;
  await orThrow(
    the.objects.write(null, [{ write: 'forget', ref: shop, unchangedSince: record.recordRevision }]),
  );
  assert.is(the.woken.at(-1), 'local');
  await run(the);
  assert.is(the.clouds.clouds.get('local'), null);
  assert.is(the.objects.get(LOCAL), null);
  the.clouds.close();
});

test('an endpoint whose sweeps fail for a minute is not Ready any more, but stays in use', async () => {
  const the = scene();
  has(the);
  await run(the);
  await the.clock.advance(1);
  const down = transient('CloudUnavailable', 'http://x cannot be reached');
  for (let sweep = 0; sweep < 8; sweep += 1) the.fakes[0]!.failNext('DescribeInstances', down);
  the.fakes[0]!.failNext('Capabilities', down);
  await the.clock.advance(62_000);
  await run(the);
  assert.is(conditionsOf(the), 'Ready=False Reconciling=True Stalled=False');
  assert.is.not(the.clouds.clouds.get('local'), null);
  await the.clock.advance(40_000);
  await run(the);
  assert.is(conditionsOf(the), 'Ready=True Reconciling=False Stalled=False');
  the.clouds.close();
});

test('a write that fails is the run’s failure', async () => {
  const the = scene();
  has(the);
  the.objects.failNext(transient('StoreUnavailable', 'no leader'));
  const result = await the.clouds.controller.reconcile('local')();
  assert.is(E.isLeft(result) && result.left.reason, 'StoreUnavailable');
  the.clouds.close();
});

const KEYS = ref('Secret', 'scalarium-system', 'aws');
const sealedKeys = (secretAccessKey: string) => {
  const texts = { accessKeyId: 'AKIA', secretAccessKey };
  return { spec: { sealed: sealTexts(TEST_SEALER, specKey(KEYS), texts, {}) } };
};
const named = (the: Scene): void => {
  the.objects.has(LOCAL, { spec: { provider: 'aws', credentials: { secret: 'aws' } } });
};

test('a Cloud that names a Secret is opened with its keys, and anew when they change', async () => {
  const the = scene();
  the.objects.has(KEYS, sealedKeys('first'));
  named(the);
  await run(the);
  await run(the);
  assert.equal(the.signedWith, ['first']);
  the.woken.length = 0;
  the.objects.has(KEYS, sealedKeys('second'));
  assert.equal(the.woken, ['local']);
  await run(the);
  assert.equal(the.signedWith, ['first', 'second']);
  assert.is(conditionsOf(the), 'Ready=True Reconciling=False Stalled=False');
  assert.not.match(JSON.stringify(statusOf(the)), /second|AKIA/);
  the.clouds.close();
});

const unusable = [
  { name: 'is not there', document: null, reason: 'SecretNotFound' },
  { name: 'lacks a key', document: { spec: { sealed: {} } }, reason: 'SecretIncomplete' },
  {
    name: 'does not open',
    document: { spec: { sealed: { accessKeyId: 'v1:x' } } },
    reason: 'SecretUnreadable',
  },
] as const;

for (const { name, document, reason } of unusable) {
  test(`a Secret that ${name}: the Cloud says so, and its endpoint is not used any more`, async () => {
    const the = scene();
    the.objects.has(KEYS, sealedKeys('first'));
    named(the);
    await run(the);
    if (document === null) the.objects.deleteRaw(KEYS);
    else the.objects.has(KEYS, document);
    await run(the);
    assert.is(statusOf(the).conditions?.['Ready']?.reason, reason);
    assert.is(conditionsOf(the), 'Ready=False Reconciling=False Stalled=True');
    assert.is(the.clouds.clouds.get('local'), null);
    the.clouds.close();
  });
}
