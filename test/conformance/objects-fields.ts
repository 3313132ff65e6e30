/** How owners of fields behave on a Store; part of the conformance of Objects. */
import * as E from 'fp-ts/lib/Either.js';
import { type ManagedFieldsEntry, currentOwners } from '../../api-types/managed-fields.js';
import { orThrow } from '../../runtime/failure.js';
import type { Live, SpecDocument } from '../../store/objects/objects.js';
import { assert, type Suite } from '../suite.js';
import { eventually, kept, put, role, roleRef, start, type Bench } from './objects-world.js';

const entry = (manager: string, field: string): ManagedFieldsEntry => ({
  manager,
  operation: 'Apply',
  apiVersion: 'scalarium.dev/v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': { [`f:${field}`]: {} } },
});

const ownersIn = ({ owners }: Live): Record<string, readonly string[]> => {
  assert.ok(owners);
  const all = currentOwners(owners, (spec) => spec, '');
  return Object.fromEntries(all.map(({ manager, set }) => [manager, [...set].sort()]));
};

export const fields = (test: Suite<Bench>): void => {
  const ref = roleRef('app');
  const document = role(2) as SpecDocument;

  test('owners of a new object are noted at once, and the keeper still judges its spec', async (bench) => {
    const { objects } = await start(bench);
    await objects.caughtUp(await orThrow(objects.write(null, [{ write: 'create', ref, document }])));
    const unchangedSince = objects.get(ref)?.specRevision ?? 0;
    const owners = [entry('flux', 'replicas')];
    await objects.caughtUp(
      await orThrow(objects.write(null, [{ write: 'owners', ref, owners, unchangedSince }])),
    );
    const live = await eventually('judged', () => {
      const now = objects.get(ref);
      return now?.status.conditions?.['Valid'] === undefined ? null : now;
    });
    assert.equal(ownersIn(live), { flux: ['/spec/replicas'] });
    assert.is(live.generation, 1);
    const late = await objects.write(null, [{ write: 'owners', ref, owners, unchangedSince: 1 }])();
    assert.ok(E.isLeft(late), 'the spec is another one');
  });

  test('owners go with their spec in one write; a raw edit goes to etcdctl, before and after the keeper', async (bench) => {
    const plane = await start(bench);
    const { objects } = plane;
    const made = await orThrow(objects.write(null, [{ write: 'create', ref, document }]));
    await objects.caughtUp(made);
    const { specRevision: unchangedSince } = await kept(plane, ref);
    const next = { write: 'replace' as const, ref, document: role(3) as SpecDocument, unchangedSince };
    const written = await orThrow(
      objects.write(null, [{ ...next, owners: [entry('flux', 'replicas'), entry('argo', 'type')] }]),
    );
    await objects.caughtUp(written);
    const first = objects.get(ref);
    assert.equal([first?.specRevision, first?.owners?.note?.entries.length], [written, 2]);
    await kept(plane, ref, written);
    const raw = await put(bench.store, ref, role(9));
    const expected = { argo: ['/spec/type'], etcdctl: ['/spec/replicas'] };
    const seen = await eventually('the raw edit', () => {
      const now = objects.get(ref);
      return now !== null && now.specRevision >= raw ? now : null;
    });
    assert.equal(ownersIn(seen), expected);
    assert.equal(ownersIn(await kept(plane, ref, raw)), expected);
    assert.is(objects.get(ref)?.owners?.note?.entries.length, 2, 'the keeper has noted it');
  });

  test('an edit that does not decode leaves the owners as they are', async (bench) => {
    const plane = await start(bench);
    const { objects } = plane;
    await objects.caughtUp(await orThrow(objects.write(null, [{ write: 'create', ref, document }])));
    const { specRevision: unchangedSince } = await kept(plane, ref);
    const owners = [entry('flux', 'replicas')];
    await orThrow(objects.write(null, [{ write: 'owners', ref, owners, unchangedSince }]));
    const live = await kept(plane, ref, await put(bench.store, ref, role('many')));
    assert.ok(live.frozen);
    assert.equal(ownersIn(live), { flux: ['/spec/replicas'] });
  });
};
