import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededChance } from '../../runtime/chance.js';
import { systemClock } from '../../runtime/clock.js';
import { orThrow } from '../../runtime/failure.js';
import { silentLog } from '../../runtime/log.js';
import { openEmbeddedStore } from '../../store/embedded/embedded.js';
import { openObjects } from '../../store/objects/open.js';
import { cli } from '../build/cli.js';
import { API, testServer } from '../build/server.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('the API on the embedded store');

const FILE = `
{apiVersion: scalarium.dev/v1, kind: Cloud, metadata: {name: local}, spec: {provider: local}}
---
{apiVersion: scalarium.dev/v1, kind: Cluster, metadata: {name: shop}, spec: {cloud: local}}
---
{apiVersion: scalarium.dev/v1, kind: Role, metadata: {name: app, namespace: shop}, spec: {type: custom, replicas: 1}}
`;

test('apply, get, patch by twenty at once, a raw edit and delete, read after each write', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'scalarium-server-'));
  const common = { clock: systemClock, chance: seededChance(1), log: silentLog };
  const store = await openEmbeddedStore({ directory, ...common });
  const installation = '6ba7b810-9dad-41d1-80b4-00c04fd430c8';
  const objects = await openObjects({ store, installation, ...common });
  const { running, ask } = await testServer({ objects });
  try {
    const { url } = running;
    const first = await cli({ url, stdin: FILE }, 'apply', '-f', '-');
    assert.equal(first, {
      out: 'cloud/local created\ncluster/shop created\nrole/app created\n',
      err: '',
      code: 0,
    });
    const again = await cli({ url, stdin: FILE }, 'apply', '-f', '-');
    assert.is(again.out, 'cloud/local unchanged\ncluster/shop unchanged\nrole/app unchanged\n');
    const path = `${API}/namespaces/shop/roles/app`;
    const type = 'application/merge-patch+json';
    const patches = Array.from({ length: 4 }, (_none, index) =>
      ask('PATCH', path, { type, body: { metadata: { labels: { [`l${String(index)}`]: 'x' } } } }),
    );
    const codes = (await Promise.all(patches)).map(({ code }) => code);
    assert.equal(codes, [200, 200, 200, 200]);
    assert.is(Object.keys(objects.get(ref('Role', 'shop', 'app'))?.labels ?? {}).length, 4);
    const made = await ask('POST', `${API}/namespaces/shop/roles`, { body: { metadata: { name: 'app' } } });
    assert.is(made.code, 422);
    const key = '/scalarium/specs/roles/shop/app';
    const put = { op: 'put', key, value: '{"spec": {"type": "custom", "replicas": -1}}' } as const;
    const { revision } = await orThrow(store.txn({ compare: [], then: [put] }));
    await objects.caughtUp(revision);
    const frozen = await ask('GET', path);
    assert.is((frozen.json['spec'] as { readonly replicas: number } | undefined)?.replicas, undefined);
    const fixed = await cli({ url, stdin: FILE }, 'apply', '-f', '-');
    assert.match(fixed.out, 'role/app');
  } finally {
    await running.close();
    await objects.close();
    await store.close();
    rmSync(directory, { recursive: true, force: true });
  }
});
