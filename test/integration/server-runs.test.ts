/** Runs through the API: made once, never changed, for whoever may deploy. */
import { API, shop, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('Runs through the API');
const runs = `${API}/namespaces/shop/runs`;
const merge = 'application/merge-patch+json';

test('a Run is made with its defaults; its spec cannot be changed, its labels can', async () => {
  const { ask, objects, running } = await testServer();
  try {
    shop(objects);
    const body = { metadata: { generateName: 'configure-' }, spec: { event: 'configure', roles: ['app'] } };
    const made = await ask('POST', runs, { body });
    assert.is(made.code, 201, made.text);
    const { metadata, spec } = made.json as unknown as Record<string, Record<string, unknown>>;
    const defaults = { instances: [], dryRun: false, timeoutSeconds: 600 };
    assert.equal(spec, { event: 'configure', roles: ['app'], ...defaults });
    const path = `${runs}/${String(metadata?.['name'])}`;
    const change = await ask('PATCH', path, { body: { spec: { event: 'setup' } }, type: merge });
    assert.is(change.code, 422, change.text);
    assert.match(change.json.message ?? '', /make another one/);
    const apply = await ask('PATCH', `${path}?fieldManager=me&force=true`, {
      body: { apiVersion: 'scalarium.dev/v1', kind: 'Run', spec: { event: 'setup' } },
      type: 'application/apply-patch+yaml',
    });
    assert.is(apply.code, 422, apply.text);
    const label = await ask('PATCH', path, { body: { metadata: { labels: { by: 'ana' } } }, type: merge });
    assert.is(label.code, 200, label.text);
    assert.equal(objects.get(ref('Run', 'shop', String(metadata?.['name'])))?.labels, { by: 'ana' });
  } finally {
    await running.close();
  }
});

test('what no host can be told is refused', async () => {
  const { ask, running, objects } = await testServer();
  try {
    shop(objects);
    const either = /spec: .*a run of either an event or recipes/;
    for (const [spec, said] of [
      [{ event: 'shutdown' }, /spec.event: .*one of setup, configure, deploy, undeploy/],
      [{ event: 'setup', timeoutSeconds: 0 }, /spec.timeoutSeconds: /],
      [{}, either],
      [{ event: 'setup', recipes: ['shop'] }, either],
      [{ recipes: [] }, /spec.recipes: .*at least one recipe/],
      [{ recipes: ['../x'] }, /spec.recipes/],
    ] as const) {
      const refused = await ask('POST', runs, { body: { metadata: { name: 'now' }, spec } });
      assert.is(refused.code, 422, refused.text);
      assert.match(refused.json.message ?? '', said);
    }
    const taken = { recipes: ['shop', 'shop::site'], dryRun: true };
    const made = await ask('POST', runs, { body: { metadata: { name: 'now' }, spec: taken } });
    assert.is(made.code, 201, made.text);
  } finally {
    await running.close();
  }
});
