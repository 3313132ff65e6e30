/** A short run of the fuzzer; `npm run fuzz` is the long one. */
import { fuzz } from '../fuzz/fuzz.js';
import { wrongWith } from '../fuzz/judge.js';
import { assert, suite } from '../suite.js';

const test = suite('the API under generated requests');

const answer = (code: number, text: string, retryAfter: string | null = null) => ({
  code,
  text,
  retryAfter,
  type: 'application/json',
});
const STATUS = '{"kind":"Status","code":400,"message":"no"}';

test('the judge knows a bad answer', () => {
  assert.is(wrongWith('GET', answer(400, STATUS)), null);
  assert.is(wrongWith('GET', answer(200, '{}')), null);
  assert.is(wrongWith('GET', answer(503, STATUS, '1')), null);
  assert.match(wrongWith('GET', answer(500, STATUS)) ?? '', '500');
  assert.match(wrongWith('GET', answer(503, STATUS)) ?? '', '503');
  assert.match(wrongWith('GET', answer(404, 'not found')) ?? '', 'without a Status');
  assert.match(wrongWith('GET', answer(400, `x\n    at f (/a/b.ts:1:2)`)) ?? '', 'stack');
});

test('2,000 requests: no crash, no stack, no unexplained 5xx, and most come further than the door', async () => {
  const { requests, codes } = await fuzz(2000);
  assert.ok(requests >= 2000);
  assert.ok((codes['401'] ?? 0) < requests / 2, JSON.stringify(codes));
  assert.ok((codes['200'] ?? 0) > 50, JSON.stringify(codes));
});
