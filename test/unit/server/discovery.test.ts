/** What clients are told there is, in the forms in which they ask for it. */
import { RESOURCES } from '../../../server/discovery/resources.js';
import { versionDocument } from '../../../server/discovery/version.js';
import { VIEWS } from '../../../server/views/views.js';
import { getDoor, jsonOf } from '../../build/doors.js';
import { assert, suite } from '../../suite.js';

const test = suite('server/discovery');

const AGGREGATED =
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json';

interface AggregatedGroup {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly {
    readonly resources: readonly {
      readonly resource: string;
      readonly scope: string;
      readonly verbs: readonly string[];
      readonly subresources?: readonly { readonly subresource: string; readonly verbs: readonly string[] }[];
    }[];
  }[];
}

for (const path of ['/api', '/apis']) {
  test(`${path} in one document, for those who ask for it`, async () => {
    const reply = await getDoor(path, { accept: AGGREGATED });
    assert.is(reply.type, 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList');
    assert.is(jsonOf(reply)['kind'], 'APIGroupDiscoveryList');
    assert.is(jsonOf(reply)['apiVersion'], 'apidiscovery.k8s.io/v2');
    assert.is(reply.headers?.['Vary'], 'Accept');
  });

  test(`${path} for clients of the beta`, async () => {
    const accept = 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,*/*';
    const reply = await getDoor(path, { accept });
    assert.is(reply.type, 'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList');
    assert.is(jsonOf(reply)['apiVersion'], 'apidiscovery.k8s.io/v2beta1');
  });

  for (const accept of [
    'application/json',
    '*/*',
    'text/html',
    'application/json;as=Table;v=v1;g=meta.k8s.io',
  ])
    test(`${path} plain for ${accept}`, async () => {
      const reply = await getDoor(path, { accept });
      assert.is(reply.type, 'application/json');
      assert.is(jsonOf(reply)['kind'], path === '/api' ? 'APIVersions' : 'APIGroupList');
    });

  test(`${path} is not sent again to those who have it`, async () => {
    const first = await getDoor(path, { accept: AGGREGATED });
    const etag = first.headers?.['ETag'] ?? '';
    const again = await getDoor(path, { accept: AGGREGATED, 'if-none-match': `"other", W/${etag}` });
    assert.is(again.code, 304);
    assert.is(again.body, '');
    assert.is(again.headers?.['ETag'], etag);
    const plain = await getDoor(path, { 'if-none-match': etag });
    assert.is(plain.code, 200, 'another form is another document');
  });
}

test('the one document and the plain ones tell of the same resources', async () => {
  const core = jsonOf(await getDoor('/api', { accept: AGGREGATED }))['items'] as readonly AggregatedGroup[];
  const named = jsonOf(await getDoor('/apis', { accept: AGGREGATED }))['items'] as readonly AggregatedGroup[];
  for (const group of [...core, ...named]) {
    const { name } = group.metadata;
    const plain = jsonOf(await getDoor(name === undefined ? '/api/v1' : `/apis/${name}/v1`));
    const rows = plain['resources'] as readonly {
      readonly name: string;
      readonly verbs: readonly string[];
    }[];
    const inOne = (group.versions[0]?.resources ?? []).flatMap(({ resource, verbs, subresources }) => [
      { name: resource, verbs },
      ...(subresources ?? []).map((sub) => ({ name: `${resource}/${sub.subresource}`, verbs: sub.verbs })),
    ]);
    assert.equal(
      rows.map(({ name: row, verbs }) => ({ name: row, verbs })),
      inOne,
    );
  }
});

test('every view is told of, with its names, its scope and its category', async () => {
  assert.is(RESOURCES.filter(({ verbs }) => verbs.includes('list')).length, VIEWS.length);
  const { resources } = jsonOf(await getDoor('/apis/scalarium.dev/v1')) as {
    readonly resources: readonly Record<string, unknown>[];
  };
  const role = resources.find(({ name }) => name === 'roles');
  const { verbs, ...rest } = role ?? {};
  assert.equal(rest, {
    name: 'roles',
    singularName: 'role',
    namespaced: true,
    kind: 'Role',
    shortNames: ['ro'],
    categories: ['all', 'scalarium'],
  });
  assert.ok((verbs as readonly string[]).includes('patch'));
  // what `kubectl get all` lists: it is asked in one namespace
  const inAll = resources.filter(({ categories = [] }) => (categories as readonly string[]).includes('all'));
  assert.equal(
    inAll.map(({ name, namespaced }) => [name, namespaced]),
    [
      ['roles', true],
      ['instances', true],
      ['applications', true],
    ],
  );
  const consent = resources.find(({ name }) => name === 'roles/consent');
  assert.equal(consent?.['verbs'], ['create']);
  const events = resources.find(({ name }) => name === 'events');
  assert.equal(events?.['verbs'], ['get', 'list', 'watch']);
});

test('reviews are created and nothing else', async () => {
  const { resources } = jsonOf(await getDoor('/apis/authorization.k8s.io/v1')) as {
    readonly resources: readonly { readonly name: string; readonly verbs: readonly string[] }[];
  };
  assert.equal(
    resources.map(({ name, verbs }) => [name, ...verbs]),
    [
      ['selfsubjectaccessreviews', 'create'],
      ['selfsubjectrulesreviews', 'create'],
    ],
  );
});

test('the version is one that tools can parse, and says which Scalarium it is', () => {
  const { major, minor, gitVersion } = versionDocument('0.1.0-rc.1+local') as Record<string, string>;
  assert.is(gitVersion, 'v1.33.0+scalarium-0.1.0-rc.1-local');
  assert.match(
    gitVersion ?? '',
    new RegExp(`^v${String(major)}\\.${String(minor)}\\.\\d+\\+[0-9A-Za-z.-]+$`),
  );
});
