import { isDigest, snapshotDigest } from '../../../api-types/snapshot-digest.js';
import { assert, suite } from '../../suite.js';

const digests = suite('snapshot digests');

digests('the order of keys and undefined fields make no difference', () => {
  const one = snapshotDigest({ a: 1, b: { c: [1, { d: 2, e: 3 }], f: undefined } });
  assert.is(snapshotDigest({ b: { c: [1, { e: 3, d: 2 }] }, a: 1 }), one);
  assert.ok(isDigest(one));
});

digests('the order of a list does', () => {
  assert.is.not(snapshotDigest([1, 2]), snapshotDigest([2, 1]));
});
