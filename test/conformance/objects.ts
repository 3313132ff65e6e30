/** How Objects, the keeper and owner leases behave on a Store; run on the embedded one and on etcd. */
import * as E from 'fp-ts/lib/Either.js';
import { orThrow } from '../../runtime/failure.js';
import { recordKey } from '../../store/keys.js';
import type { Change } from '../../store/objects/objects.js';
import type { Store } from '../../store/store.js';
import { assert, suite, type Suite } from '../suite.js';
import * as world from './objects-world.js';
import { fields } from './objects-fields.js';
import { owners } from './objects-owners.js';
import { secrets } from './objects-secrets.js';
import type { Bench, Plane } from './objects-world.js';

const { del, deleting, eventually, globalFence, kept, put, role, roleRef, start } = world;

const restart = async (bench: Bench): Promise<Plane> => {
  for (const plane of bench.planes.splice(0)) await plane.stop();
  return start(bench);
};

const revisionOf = async ({ store }: Bench): Promise<number> => (await orThrow(store.status())).revision;

const edits = (test: Suite<Bench>): void => {
  test('a raw spec becomes an object with defaults, a record and a uid', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2, { labels: { tier: 'web' } }));
    const live = await kept(plane, ref);
    assert.equal([live.spec.replicas, live.spec.shutdownTimeoutSeconds], [2, 120]);
    assert.equal(live.labels, { tier: 'web' });
    assert.equal([live.generation, live.specGeneration, live.frozen, live.deletion], [1, 1, null, null]);
    assert.match(live.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-5/);
    assert.ok(live.recordRevision > live.specRevision);
  });

  test('YAML put by hand is read', async (bench) => {
    const plane = await start(bench);
    await put(bench.store, roleRef('app'), 'spec:\n  type: custom\n  replicas: 3\n');
    assert.is((await kept(plane, roleRef('app'))).spec.replicas, 3);
  });

  test('an edit that does not decode freezes its object and tells why; a valid one frees it', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2));
    await kept(plane, ref);
    const broken = await put(bench.store, ref, role(-1));
    const frozen = await kept(plane, ref, broken);
    assert.is(frozen.spec.replicas, 2, 'the last valid spec stays in force');
    assert.equal([frozen.generation, frozen.specGeneration], [2, 1]);
    assert.equal(frozen.frozen, {
      revision: broken,
      problems: [{ path: 'spec.replicas', expected: 'a whole number from 0 to 10000', got: '-1' }],
    });
    assert.is(frozen.status.conditions?.['Valid']?.status, 'False');
    const event = await eventually('the event', () => plane.objects.list('Event', 'shop')[0]);
    assert.match(event.status.message, new RegExp(`revision ${String(broken)}.*spec\\.replicas`));
    const freed = await kept(plane, ref, await put(bench.store, ref, role(4)));
    assert.equal([freed.spec.replicas, freed.frozen, freed.generation], [4, null, 3]);
    assert.is(freed.status.conditions?.['Valid']?.status, 'True');
  });

  test('half a document freezes, and the last valid spec survives a restart', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2));
    await kept(plane, ref);
    await kept(plane, ref, await put(bench.store, ref, '{"spec": {"type": "custom", "replicas": '));
    const live = (await restart(bench)).objects.get(ref);
    assert.is(live?.spec.replicas, 2);
    assert.is(live?.frozen?.problems[0]?.expected, 'JSON or YAML');
  });

  test('a spec that never was valid is served frozen; deleted, it is gone at once', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role('many'));
    const live = await kept(plane, ref);
    assert.equal([live.spec, live.specGeneration], [{}, 0]);
    assert.ok(live.frozen);
    await del(bench.store, ref);
    await eventually('it is gone', () => plane.objects.get(ref) === null);
    await eventually('its record is gone', () => plane.objects.sides(ref) === null);
  });

  test('too large a spec is refused with the object named; put by hand it freezes', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    const huge = { type: 'custom', replicas: 1, attributes: { text: 'x'.repeat(600 * 1024) } };
    const refused = await plane.objects.write(null, [{ write: 'create', ref, document: { spec: huge } }])();
    assert.match(
      E.isLeft(refused) ? `${refused.left.reason} ${refused.left.message}` : '',
      /TooLarge.*Role shop\/app/,
    );
    await put(bench.store, ref, { spec: huge });
    assert.match((await kept(plane, ref)).frozen?.problems[0]?.expected ?? '', /at most 524288 bytes/);
  });
};

const deletions = (test: Suite<Bench>): void => {
  test('a spec key that goes is stamped before it shows as a deletion, and forgotten last', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2));
    const before = await kept(plane, ref);
    const at = await del(bench.store, ref);
    const live = await deleting(plane, ref);
    assert.equal([live.deletion?.revision, live.uid, live.spec.replicas], [at, before.uid, 2]);
    const record = await orThrow(bench.store.get(recordKey(ref)));
    assert.ok(record?.value.includes('deletedAt'));
    const document = { spec: { type: 'custom', replicas: 1 } };
    const created = await plane.objects.write(null, [{ write: 'create', ref, document }])();
    assert.is(E.isLeft(created) && created.left.reason, 'Terminating');
    const forget = { write: 'forget', ref, unchangedSince: live.recordRevision } as const;
    await plane.objects.caughtUp(await orThrow(plane.objects.write(await globalFence(plane), [forget])));
    assert.is(plane.objects.get(ref), null);
  });

  test('del and put at once: a new incarnation waits for the end of the old one', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2));
    const old = await kept(plane, ref);
    await orThrow(plane.objects.write(null, [{ write: 'status', ref, patch: { readyReplicas: 1 } }]));
    await del(bench.store, ref);
    await put(bench.store, ref, role(5));
    await eventually('the next one waits', () => plane.objects.get(ref)?.succeeded);
    const torn = await deleting(plane, ref);
    assert.equal([torn.uid, torn.spec.replicas, torn.succeeded], [old.uid, 2, true]);
    const forget = { write: 'forget', ref, unchangedSince: torn.recordRevision } as const;
    await orThrow(plane.objects.write(null, [forget]));
    const next = await eventually('the next incarnation', () => {
      const live = plane.objects.get(ref);
      return live !== null && live.deletion === null && live.recordRevision > 0 ? live : null;
    });
    assert.equal([next.spec.replicas, next.succeeded, next.generation], [5, false, 1]);
    assert.is.not(next.uid, old.uid);
    assert.is(next.status.readyReplicas, undefined, 'the old status is gone with its incarnation');
  });

  test('deletion and re-creation while nobody watched are found at the next start', async (bench) => {
    const plane = await start(bench);
    for (const name of ['app', 'gone']) {
      await put(bench.store, roleRef(name), role(2));
      await kept(plane, roleRef(name));
    }
    await plane.stop();
    bench.planes = [];
    await del(bench.store, roleRef('app'));
    await put(bench.store, roleRef('app'), role(5));
    await del(bench.store, roleRef('gone'));
    const next = await start(bench);
    const live = await deleting(next, roleRef('app'));
    assert.equal([live.spec.replicas, live.succeeded], [2, true]);
    assert.is((await deleting(next, roleRef('gone'))).succeeded, false);
  });
};

const writes = (test: Suite<Bench>): void => {
  test('status patches merge, one that changes nothing is not written, unchangedSince conflicts', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2));
    const live = await kept(plane, ref);
    const write = (patch: Record<string, unknown>, unchangedSince?: number) =>
      plane.objects.write(null, [
        { write: 'status', ref, patch, ...(unchangedSince === undefined ? {} : { unchangedSince }) },
      ]);
    const both = await Promise.all([orThrow(write({ replicas: 2 })), orThrow(write({ readyReplicas: 1 }))]);
    await plane.objects.caughtUp(Math.max(...both));
    const merged = plane.objects.get(ref);
    assert.equal([merged?.status.replicas, merged?.status.readyReplicas], [2, 1]);
    const before = await revisionOf(bench);
    await orThrow(write({ replicas: 2, launchFailures: undefined }));
    assert.is(await revisionOf(bench), before, 'nothing was written');
    const stale = await write({ replicas: 3 }, live.recordRevision)();
    assert.is(E.isLeft(stale) && stale.left._tag, 'Conflict');
    await orThrow(write({ replicas: 3 }, merged?.recordRevision));
  });

  test('a status that is no status throws and stores nothing', async (bench) => {
    const plane = await start(bench);
    const ref = roleRef('app');
    await put(bench.store, ref, role(2));
    await kept(plane, ref);
    const before = await revisionOf(bench);
    const thrown = await plane.objects
      .write(null, [{ write: 'status', ref, patch: { replicas: 'two' } }])()
      .then(
        () => 'nothing',
        (error: unknown) => String(error),
      );
    assert.match(thrown, /the status of Role shop\/app is wrong: replicas/);
    assert.is(await revisionOf(bench), before);
  });

  test('500 specs in one write are kept in few transactions, and each change is told once', async (bench) => {
    const plane = await start(bench);
    await globalFence(plane);
    const seen: Change[] = [];
    const following = plane.objects.changes$.subscribe((changes) => seen.push(...changes));
    const before = await revisionOf(bench);
    const refs = Array.from({ length: 500 }, (_, index) => `app-${String(index)}`).map(
      (name) => ({ kind: 'Instance', cluster: 'shop', name }) as const,
    );
    const document = { spec: { role: 'app' } };
    await orThrow(
      plane.objects.write(
        null,
        refs.map((ref) => ({ write: 'create', ref, document })),
      ),
    );
    await eventually('all are kept', () => {
      const instances = plane.objects.list('Instance', 'shop');
      return instances.filter(({ recordRevision }) => recordRevision > 0).length === 500;
    });
    following.unsubscribe();
    const transactions = (await revisionOf(bench)) - before;
    assert.ok(transactions <= 40, `${String(transactions)} transactions`);
    const instances = seen.filter(({ ref }) => ref.kind === 'Instance');
    assert.is(instances.length, 1000, 'once for the spec, once for the record');
  });

  test('after a compaction, what was deleted is told all the same', async (bench) => {
    const plane = await start(bench);
    for (const name of ['a', 'b']) await put(bench.store, roleRef(name), role(1));
    await kept(plane, roleRef('b'));
    const gone: string[] = [];
    plane.objects.changes$.subscribe((changes) => {
      for (const { ref, after } of changes)
        if (after !== null && after.deletion !== null) gone.push(ref.name);
    });
    const at = await del(bench.store, roleRef('a'));
    await put(bench.store, roleRef('c'), role(1));
    await orThrow(bench.store.compact(at));
    await eventually('the delete is told', () => gone.includes('a'));
    await kept(plane, roleRef('c'));
  });
};

/** `open` gives an empty store; `done` ends what was started for all of them. */
export const objectsConformance = (
  name: string,
  open: () => Promise<Store>,
  done?: () => Promise<void>,
): void => {
  const test = suite<Bench>(`objects on ${name}`, { store: null as never, planes: [] });
  test.beforeEach(async (bench) => {
    bench.store = await open();
    bench.planes = [];
  });
  test.afterEach(async (bench) => {
    for (const plane of bench.planes.splice(0)) await plane.stop();
    await bench.store.close();
  });
  test.after(async () => {
    await done?.();
  });
  for (const part of [edits, deletions, writes, owners, fields, secrets]) part(test);
};
