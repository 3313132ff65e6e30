/** What every Cloud must do: run on the fake, and on the adapter against the local cloud and moto. */
import * as E from 'fp-ts/lib/Either.js';
import { TAGS, type Cloud, type LaunchRequest, type Machine } from '../../cloud/cloud.js';
import { orThrow } from '../../runtime/failure.js';
import { assert, suite } from '../suite.js';

export interface CloudUnderTest {
  readonly cloud: Cloud;
  /** Lets a little time pass: on a virtual clock, or really. */
  readonly pass: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const UNKNOWN = 'i-0ffffffffffffffff';
const ATTEMPTS = 400;

interface Scene {
  readonly cloud: Cloud;
  readonly zones: readonly string[];
  /** Only of this test. */
  readonly installation: string;
  readonly request: (changes?: Partial<LaunchRequest>) => LaunchRequest;
  /** As many machines as wanted, in as many calls as the endpoint needs: a short answer is an answer. */
  readonly launch: (count: number) => Promise<readonly Machine[]>;
  /** Describes until all are in one of these states. */
  readonly until: (ids: readonly string[], states: readonly string[]) => Promise<readonly Machine[]>;
}

const idsOf = (machines: readonly Machine[]): string[] => machines.map(({ id }) => id).sort();

let scenes = 0;

const sceneOn = async ({ cloud, pass }: CloudUnderTest): Promise<Scene> => {
  const { zones, defaultImageId } = await orThrow(cloud.capabilities());
  scenes += 1;
  const installation = `installation-${String(scenes)}`;
  let tokens = 0;
  const request: Scene['request'] = (changes = {}) => {
    tokens += 1;
    return {
      token: `${installation}-${String(tokens)}`,
      count: 1,
      zone: zones[0] ?? '',
      subnetId: null,
      imageId: defaultImageId ?? '',
      instanceType: 'm5.large',
      keyName: null,
      tags: { [TAGS.installation]: installation, [TAGS.cluster]: 'shop', [TAGS.name]: 'shop/app-1' },
      userData: '#cloud-config\nname: "Mönster"\n',
      ...changes,
    };
  };
  return {
    cloud,
    zones,
    installation,
    request,
    launch: async (count) => {
      const machines: Machine[] = [];
      while (machines.length < count)
        machines.push(...(await orThrow(cloud.runInstances(request({ count: count - machines.length })))));
      return machines;
    },
    until: async (ids, states) => {
      for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
        const { machines } = await orThrow(cloud.describeIds(ids));
        if (machines.length === ids.length && machines.every(({ state }) => states.includes(state)))
          return machines;
        await pass();
      }
      throw new Error(`${ids.join(', ')} did not come to be ${states.join(' or ')}`);
    },
  };
};

const GOING = ['shutting-down', 'terminated'];

/** Registers the suite; `open` is called once. */
export const cloudConformance = (name: string, open: () => Promise<CloudUnderTest>): void => {
  const test = suite(`cloud conformance: ${name}`);
  let under: CloudUnderTest | null = null;
  const scene = (): Promise<Scene> => {
    if (under === null) throw new Error(`${name} was not opened`);
    return sceneOn(under);
  };
  test.before(async () => {
    under = await open();
  });
  test.after(async () => {
    await under?.close();
  });

  test('it has zones and an image to start with', async () => {
    const { cloud } = await scene();
    const { zones, defaultImageId } = await orThrow(cloud.capabilities());
    assert.ok(zones.length >= 2);
    assert.ok(defaultImageId !== null && defaultImageId !== '');
  });

  test('a launch gives machines as asked, numbered within the call', async () => {
    const { cloud, request, zones } = await scene();
    const asked = request({ count: 3 });
    const machines = await orThrow(cloud.runInstances(asked));
    assert.ok(machines.length >= 1 && machines.length <= 3);
    assert.is(new Set(idsOf(machines)).size, machines.length);
    assert.equal(
      machines.map(({ launchIndex }) => launchIndex).sort(),
      machines.map((_, index) => index),
    );
    for (const machine of machines) {
      assert.is(machine.zone, zones[0]);
      assert.is(machine.instanceType, 'm5.large');
      assert.is(machine.imageId, asked.imageId);
      assert.ok(['pending', 'running'].includes(machine.state));
      assert.ok(Date.parse(machine.launchedAt) > 0);
    }
  });

  test('what was launched is found by its tags, whole, and nothing else', async () => {
    const one = await scene();
    const other = await scene();
    const mine = await one.launch(4);
    await other.launch(2);
    const found = await orThrow(one.cloud.describeTagged({ [TAGS.installation]: one.installation }));
    assert.equal(idsOf(found), idsOf(mine));
    assert.equal(found[0]?.tags, one.request().tags);
    const none = { [TAGS.installation]: one.installation, [TAGS.cluster]: 'else' };
    assert.equal(await orThrow(one.cloud.describeTagged(none)), []);
  });

  test('a tag with wildcards in it means itself', async () => {
    const { cloud, request, installation } = await scene();
    const tags = { [TAGS.installation]: installation, [TAGS.slot]: 'app-?*' };
    const [exact] = await orThrow(cloud.runInstances(request({ tags })));
    await orThrow(cloud.runInstances(request({ tags: { ...tags, [TAGS.slot]: 'app-11' } })));
    const found = await orThrow(cloud.describeTagged(tags));
    assert.ok(found.every(({ id }) => id === exact?.id));
  });

  test('machines come to run, and say their address', async () => {
    const { launch, until } = await scene();
    const machines = await until(idsOf(await launch(2)), ['running']);
    for (const { privateAddress } of machines) assert.match(privateAddress ?? '', /^\d+\.\d+\.\d+\.\d+$/);
  });

  test('user data comes back as it was given', async () => {
    const { cloud, launch, request } = await scene();
    const [machine] = await launch(1);
    assert.is(await orThrow(cloud.userData(machine!.id)), request().userData);
  });

  test('user data of a machine nobody knows is not found yet', async () => {
    const { cloud } = await scene();
    const result = await cloud.userData(UNKNOWN)();
    assert.is(E.isLeft(result) && result.left.reason, 'NotFoundYet');
  });

  test('the probe tells the truth about client tokens', async () => {
    const { cloud, request, installation } = await scene();
    const { honoursClientTokens } = await orThrow(cloud.capabilities());
    const asked = request({ count: 2 });
    const first = await orThrow(cloud.runInstances(asked));
    const again = await orThrow(cloud.runInstances(asked));
    const all = await orThrow(cloud.describeTagged({ [TAGS.installation]: installation }));
    assert.is(all.length === first.length, honoursClientTokens);
    if (honoursClientTokens) assert.equal(idsOf(again), idsOf(first));
  });

  test('where tokens are honoured, one with other parameters is refused', async () => {
    const { cloud, request } = await scene();
    if (!(await orThrow(cloud.capabilities())).honoursClientTokens) return;
    const asked = request();
    await orThrow(cloud.runInstances(asked));
    const result = await cloud.runInstances({ ...asked, instanceType: 'm5.xlarge' })();
    assert.is(E.isLeft(result) && `${result.left._tag} ${result.left.reason}`, 'Stalled TokenMismatch');
  });

  test('a token is zonal: the same in another zone launches another machine', async () => {
    const { cloud, request, zones } = await scene();
    const asked = request();
    const [one] = await orThrow(cloud.runInstances(asked));
    const [two] = await orThrow(cloud.runInstances({ ...asked, zone: zones[1] ?? '' }));
    assert.is.not(one?.id, two?.id);
    assert.is(two?.zone, zones[1]);
  });

  test('ids nobody knows are told apart from those that are described', async () => {
    const { cloud, launch } = await scene();
    const machines = await launch(2);
    const answer = await orThrow(cloud.describeIds([...idsOf(machines), UNKNOWN]));
    assert.equal(idsOf(answer.machines), idsOf(machines));
    assert.equal(answer.unknown, [UNKNOWN]);
  });

  test('one bad id in a terminate keeps no other alive, and twice is as once', async () => {
    const { cloud, launch, until } = await scene();
    const ids = idsOf(await launch(3));
    const outcome = await orThrow(cloud.terminate([ids[0]!, UNKNOWN, ...ids]));
    assert.equal([...outcome.done].sort(), ids);
    assert.equal(outcome.unknown, [UNKNOWN]);
    assert.equal(outcome.failed, []);
    await until(ids, GOING);
    assert.equal([...(await orThrow(cloud.terminate(ids))).done].sort(), ids);
    await until(ids, ['terminated']);
  });

  test('machines stop, start and reboot', async () => {
    const { cloud, launch, until } = await scene();
    const ids = idsOf(await launch(2));
    await until(ids, ['running']);
    assert.equal([...(await orThrow(cloud.reboot(ids))).done].sort(), ids);
    assert.equal([...(await orThrow(cloud.stop([...ids, UNKNOWN]))).done].sort(), ids);
    await until(ids, ['stopped']);
    assert.equal([...(await orThrow(cloud.start(ids))).done].sort(), ids);
    await until(ids, ['running']);
  });

  test('each machine gets its own tags, beside those it has', async () => {
    const { cloud, launch, request } = await scene();
    const ids = idsOf(await launch(3));
    const tags = (index: number) => ({ [TAGS.slot]: index === 0 ? 'app-1' : 'app-2' });
    const outcome = await orThrow(cloud.tag(ids.map((id, index) => ({ id, tags: tags(index) }))));
    assert.equal([...outcome.done].sort(), ids);
    const { machines } = await orThrow(cloud.describeIds(ids));
    for (const [index, id] of ids.entries())
      assert.equal(machines.find((machine) => machine.id === id)?.tags, {
        ...request().tags,
        ...tags(index),
      });
  });

  test('status checks are told for each machine that runs', async () => {
    const { cloud, launch, until } = await scene();
    const ids = idsOf(await launch(2));
    await until(ids, ['running']);
    const statuses = await orThrow(cloud.statuses(ids));
    assert.equal(statuses.map(({ id }) => id).sort(), ids);
    for (const { system, instance } of statuses) {
      assert.ok(['ok', 'initializing'].includes(system), system);
      assert.ok(['ok', 'initializing'].includes(instance), instance);
    }
  });

  test('nothing named is nothing done', async () => {
    const { cloud } = await scene();
    const before = cloud.calls();
    assert.equal(await orThrow(cloud.describeIds([])), { machines: [], unknown: [] });
    assert.equal(await orThrow(cloud.terminate([])), { done: [], failed: [], unknown: [] });
    assert.equal(await orThrow(cloud.tag([])), { done: [], failed: [], unknown: [] });
    assert.is(cloud.calls()['RunInstances'], before['RunInstances']);
  });

  test('calls are counted by action', async () => {
    const { cloud, launch } = await scene();
    const before = cloud.calls()['RunInstances'] ?? 0;
    await launch(1);
    assert.is(cloud.calls()['RunInstances'], before + 1);
  });
};
