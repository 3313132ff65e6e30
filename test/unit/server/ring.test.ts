import { Subject } from 'rxjs';
import { openRing } from '../../../server/ring.js';
import type { Change, Objects } from '../../../store/objects/objects.js';
import { role } from '../../build/objects.js';
import { fakeObjects } from '../../fake/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('the ring of changes');

const change = (revision: number): Change => ({ ref: role().ref, revision, before: null, after: role() });

const ringOver = (capacity: number) => {
  const changes = new Subject<readonly Change[]>();
  const objects: Objects = Object.assign(fakeObjects(), { changes$: changes.asObservable() });
  const ring = openRing(objects, capacity);
  const tell = (...revisions: readonly number[]): void => {
    for (const revision of revisions) changes.next([change(revision)]);
  };
  return { ring, tell };
};

test('gives what came after a revision, as long as it is kept', () => {
  const { ring, tell } = ringOver(3);
  tell(5, 7, 9);
  assert.equal(
    ring.since(5).map(({ revision }) => revision),
    [7, 9],
  );
  assert.is(ring.at(ring.after(6))?.revision, 7);
  assert.is(ring.at(ring.after(9)), null);
  tell(10, 11, 12, 13);
  assert.is(ring.floor(), 10);
  assert.equal(
    ring.since(10).map(({ revision }) => revision),
    [11, 12, 13],
  );
});

test('a store restored to an older state leaves every watcher behind', () => {
  const { ring, tell } = ringOver(10);
  tell(5, 7);
  const position = ring.after(7);
  tell(6);
  assert.ok(position < ring.oldest());
  assert.is(ring.floor(), 6);
  tell(8);
  assert.is(ring.at(ring.after(6))?.revision, 8);
});
