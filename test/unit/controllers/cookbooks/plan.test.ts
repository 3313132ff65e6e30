import type { CookbookPack, CookbookSource } from '../../../../api-types/cookbooks.js';
import { UPDATE_ALL, updateOf } from '../../../../api-types/cookbooks.js';
import { fingerprintOf, planCookbooks, type CookbookFacts } from '../../../../controllers/cookbooks/plan.js';
import { statusPatch } from '../../../../controllers/cookbooks/status.js';
import type { StepOutcome } from '../../../../controllers/cookbooks/steps.js';
import type { Live } from '../../../../store/objects/objects.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { EPOCH } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('which sources of cookbooks are resolved, and what is said of them');

const base: CookbookSource = { name: 'base', type: 'git', url: 'https://git.example/base.git' };
const pack: CookbookPack = { name: 'base', revision: 'a'.repeat(40), digest: 'd'.repeat(64) };
const known = { base: { fingerprint: fingerprintOf(base), resolvedAt: EPOCH } };

const ROWS: readonly {
  readonly name: string;
  readonly facts: Partial<CookbookFacts>;
  readonly steps: readonly string[];
}[] = [
  { name: 'one that is new', facts: { packs: [], states: {} }, steps: ['resolve base'] },
  { name: 'one that is resolved: nothing', facts: {}, steps: [] },
  {
    name: 'another revision is wanted',
    facts: { sources: [{ ...base, revision: 'v2' }] },
    steps: ['resolve base'],
  },
  {
    name: 'another path is wanted',
    facts: { sources: [{ ...base, path: 'cookbooks' }] },
    steps: ['resolve base'],
  },
  {
    name: 'an update of all is asked for',
    facts: { annotations: { [UPDATE_ALL]: 'now' } },
    steps: ['resolve base'],
  },
  {
    name: 'an update of it is asked for',
    facts: { annotations: { [updateOf('base')]: 'now' } },
    steps: ['resolve base'],
  },
  {
    name: 'an update of another one: nothing',
    facts: { annotations: { [updateOf('web')]: 'now' } },
    steps: [],
  },
  {
    name: 'the update was answered: nothing',
    facts: { annotations: { [UPDATE_ALL]: 'now' }, states: { base: { ...known.base, update: 'now' } } },
    steps: [],
  },
  {
    name: 'its pack is lost: that of the same revision again',
    facts: { lost: new Set([pack.digest]) },
    steps: ['restore base'],
  },
  {
    name: 'the pack before is lost too: that of its revision again',
    facts: {
      lost: new Set([pack.digest, 'b'.repeat(64)]),
      states: { base: { ...known.base, previous: 'b'.repeat(64), previousRevision: 'b'.repeat(40) } },
    },
    steps: ['restore base', 'recall base'],
  },
  {
    name: 'the pack before is lost, and was tried in vain: nothing',
    facts: {
      lost: new Set(['b'.repeat(64)]),
      states: { base: { ...known.base, previous: 'b'.repeat(64) } },
    },
    steps: [],
  },
  { name: 'of two with one name the first', facts: { sources: [base, { ...base, url: 'x' }] }, steps: [] },
  {
    name: 'it was resolved from another place before',
    facts: { states: { base: { fingerprint: 'other' } } },
    steps: ['resolve base'],
  },
  { name: 'no sources: nothing', facts: { sources: [] }, steps: [] },
];

for (const { name, facts, steps } of ROWS)
  test(name, () => {
    const all = {
      sources: [base],
      packs: [pack],
      states: known,
      annotations: {},
      lost: new Set<string>(),
      ...facts,
    };
    const planned = planCookbooks(all);
    assert.equal(
      planned.map(({ action, source }) => `${action} ${source.name}`),
      steps,
    );
    const pins = { resolve: null, restore: pack.revision, recall: 'b'.repeat(40) };
    for (const { action, pinned } of planned) assert.is(pinned, pins[action]);
  });

const clusterWith = (sources: readonly CookbookSource[], status: object = {}): Live<'Cluster'> =>
  fakeObjects(() => Date.parse(EPOCH)).has(
    ref('Cluster', null, 'shop'),
    { spec: { cloud: 'local', cookbooks: sources } },
    status,
  );

const step = {
  action: 'resolve',
  source: base,
  fingerprint: fingerprintOf(base),
  update: 'now',
  pinned: null,
} as const;
const problem = 'source base (git): no';
const failed: StepOutcome = { _tag: 'Failed', step, problem };
const newer = { ...pack, digest: 'e'.repeat(64) };
const packed: StepOutcome = { _tag: 'Packed', step, pack: newer };

interface Said {
  readonly cookbooks: readonly CookbookPack[];
  readonly cookbookSources?: Readonly<Record<string, unknown>>;
  readonly conditions: { readonly CookbooksReady: { readonly status: string; readonly message: string } };
}

const said = (cluster: Live<'Cluster'>, outcomes: readonly StepOutcome[]): Said =>
  statusPatch({ cluster, outcomes, now: EPOCH }) as unknown as Said;

const before = { cookbooks: [pack], cookbookSources: { base: known.base } };

test('after a failure the old pack stays in force, and the problem is told', () => {
  const { cookbooks, cookbookSources, conditions } = said(clusterWith([base], before), [failed]);
  assert.equal(cookbooks, [pack]);
  assert.equal(cookbookSources, { base: { problem } });
  assert.equal(
    [conditions.CookbooksReady.status, conditions.CookbooksReady.message],
    ['False', 'source base (git): no'],
  );
});

test('what is resolved takes the place of the pack before, which is remembered', () => {
  const { cookbooks, cookbookSources, conditions } = said(clusterWith([base], before), [packed]);
  assert.equal(cookbooks, [newer]);
  assert.equal(cookbookSources?.['base'], {
    fingerprint: step.fingerprint,
    resolvedAt: EPOCH,
    update: 'now',
    problem: null,
    previous: pack.digest,
    previousRevision: pack.revision,
  });
  assert.is(conditions.CookbooksReady.status, 'True');
});

const recall = { ...step, action: 'recall', pinned: 'b'.repeat(40) } as const;
const old = { ...pack, revision: 'b'.repeat(40), digest: 'b'.repeat(64) };
const RECALLS: readonly (readonly [name: string, outcome: StepOutcome, noted: object])[] = [
  ['is there again: nothing is noted', { _tag: 'Packed', step: recall, pack: old }, {}],
  [
    'became another one: it is not tried again',
    { _tag: 'Packed', step: recall, pack: newer },
    { previousRevision: null },
  ],
  [
    'cannot be had: it is not tried again',
    { _tag: 'Failed', step: recall, problem },
    { previousRevision: null },
  ],
];
for (const [name, outcome, noted] of RECALLS)
  test(`the pack before ${name}, and the one in force stays`, () => {
    const state = { ...known.base, previous: old.digest, previousRevision: old.revision };
    const status = { cookbooks: [pack], cookbookSources: { base: state } };
    const { cookbooks, cookbookSources, conditions } = said(clusterWith([base], status), [outcome]);
    assert.equal(cookbooks, [pack]);
    assert.equal(cookbookSources?.['base'] ?? {}, noted);
    assert.is(conditions.CookbooksReady.status, 'True');
  });

test('a source that is gone is forgotten; one that is well again has no problem; one not looked at yet is told', () => {
  const states = { base: { ...known.base, problem: 'old' }, gone: { fingerprint: 'x' } };
  const web = { ...base, name: 'web' };
  const { cookbooks, cookbookSources, conditions } = said(
    clusterWith([base, web], { cookbooks: [pack, { ...pack, name: 'gone' }], cookbookSources: states }),
    [],
  );
  assert.equal(cookbooks, [pack]);
  assert.equal(cookbookSources, { gone: null, base: { problem: null } });
  assert.equal(
    [conditions.CookbooksReady.status, conditions.CookbooksReady.message],
    ['Unknown', 'not looked at yet: web'],
  );
});

test('of a cluster without sources nothing stays, and nothing is written where nothing was', () => {
  assert.equal(statusPatch({ cluster: clusterWith([], before), outcomes: [], now: EPOCH }), {
    cookbooks: null,
    cookbookSources: null,
    conditions: { CookbooksReady: null },
  });
  assert.equal(statusPatch({ cluster: clusterWith([]), outcomes: [], now: EPOCH }), {});
});
