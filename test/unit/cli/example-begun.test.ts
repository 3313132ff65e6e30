import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { underNote, wasBegun } from '../../../cli/up/example-begun.js';
import { assert, suite } from '../../suite.js';

const test = suite<{ data: string }>('an example that was begun', { data: '' });
test.beforeEach((context) => {
  context.data = mkdtempSync(join(tmpdir(), 'scalarium-example-'));
});
test.afterEach(({ data }) => {
  rmSync(data, { recursive: true });
});

test('is noted while it is applied, and no longer', async ({ data }) => {
  assert.not(wasBegun(data));
  let during = false;
  await underNote(data, () => {
    during = wasBegun(data);
    return Promise.resolve();
  });
  assert.ok(during);
  assert.not(wasBegun(data));
});

test('stays noted where it did not come to its end', async ({ data }) => {
  const failed = await underNote(data, () => Promise.reject(new Error('the store is away'))).catch(String);
  assert.is(failed, 'Error: the store is away');
  assert.ok(wasBegun(data));
});
