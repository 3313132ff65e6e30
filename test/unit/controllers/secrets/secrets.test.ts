import { NEVER } from 'rxjs';
import * as E from 'fp-ts/lib/Either.js';
import type { SecretNeed } from '../../../../api-types/secret-needs.js';
import { secretsController } from '../../../../controllers/secrets/controller.js';
import { GENERATED, planSecrets, type SecretStep } from '../../../../controllers/secrets/plan.js';
import { seededChance } from '../../../../runtime/chance.js';
import { silentLog } from '../../../../runtime/log.js';
import { openSealer, openTexts } from '../../../../runtime/sealing.js';
import { specKey } from '../../../../store/keys.js';
import type { Fence, Live } from '../../../../store/objects/objects.js';
import { live, type LiveOverrides } from '../../../build/objects.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';

const secret = (keys: readonly string[], more: LiveOverrides<'Secret'> = {}): Live<'Secret'> =>
  live('Secret', 'db-mysql', { sealed: Object.fromEntries(keys.map((key) => [key, 'v1:x'])) }, more);

const OURS = { annotations: { [GENERATED]: 'true' } };
const NEED: SecretNeed = { name: 'db-mysql', keys: ['root', 'replication'] };

const told = (step: SecretStep): string => `${step.action} ${step.keys.join(',')}`;

const plans = suite('which Secrets are made');

interface Row {
  readonly name: string;
  readonly needs?: readonly SecretNeed[];
  readonly secrets?: readonly Live<'Secret'>[];
  readonly steps: readonly string[];
}

const ROWS: readonly Row[] = [
  { name: 'nothing is needed', needs: [], steps: [] },
  { name: 'needed and not there: made', steps: ['create root,replication'] },
  {
    name: 'needed twice: made once, with the keys of both',
    needs: [NEED, { name: 'db-mysql', keys: ['root', 'app'] }],
    steps: ['create root,replication,app'],
  },
  { name: 'only a person can know it: waited for', needs: [{ ...NEED, byPeople: true }], steps: [] },
  { name: 'there: left alone', secrets: [secret(['root', 'replication'])], steps: [] },
  {
    name: 'ours, and a key is new: completed',
    secrets: [secret(['root'], OURS)],
    steps: ['complete replication'],
  },
  { name: "a person's, and a key is missing: left alone", secrets: [secret(['root'])], steps: [] },
  {
    name: 'being deleted: waited for',
    secrets: [secret(['root'], { ...OURS, deletion: { at: '2026-01-01T00:00:00Z', revision: 12 } })],
    steps: [],
  },
  {
    name: 'unreadable: waited for',
    secrets: [secret(['root'], { ...OURS, frozen: { revision: 12, problems: [] } })],
    steps: [],
  },
  {
    name: 'put in plain and not sealed yet: waited for',
    secrets: [secret(['root'], { ...OURS, spec: { data: { other: 'x' } } })],
    steps: [],
  },
];

for (const { name, needs = [NEED], secrets = [], steps } of ROWS)
  plans(name, () => {
    assert.equal(planSecrets(needs, secrets).map(told), steps);
  });

const controllers = suite('the controller that makes Secrets');

const fence: Fence = { compare: { key: 'owner', target: 'create', equals: 1 }, left: () => 60_000 };

const scene = (owned = true) => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  const sealer = openSealer(Buffer.alloc(32, 1), seededChance(7));
  objects.has(ref('Cluster', null, 'shop'), { spec: { cloud: 'local' } });
  objects.has(ref('Role', 'shop', 'db'), { spec: { type: 'db-master', replicas: 1 } });
  const needs = { now: [NEED] };
  const controller = secretsController({
    objects,
    ownership: { of: () => (owned ? fence : null), changes$: NEVER },
    needs: (_cluster, roles) => new Map(roles.map((role) => [role.ref.name, needs.now])),
    sealer,
    chance: seededChance(3),
    log: silentLog,
  });
  const held = () => objects.get(ref('Secret', 'shop', 'db-mysql'));
  const texts = (): Readonly<Record<string, string>> => {
    const found = held();
    assert.ok(found !== null);
    const opened = openTexts(sealer, specKey(found.ref), found.spec.sealed ?? {});
    assert.ok(E.isRight(opened));
    return opened.right;
  };
  return { objects, needs, run: controller.reconcile('shop'), held, texts };
};

controllers('each value is 32 hexadecimal characters, sealed for its place, each another', async () => {
  const { run, texts, held } = scene();
  assert.ok(E.isRight(await run()));
  const { root = '', replication = '' } = texts();
  assert.match(root, /^[0-9a-f]{32}$/);
  assert.match(replication, /^[0-9a-f]{32}$/);
  assert.is.not(root, replication);
  assert.is(held()?.spec.data, undefined);
});

controllers('a second run writes nothing, and a new key leaves the others as they are', async () => {
  const { objects, needs, run, texts } = scene();
  await run();
  const first = texts();
  const writes = objects.written.length;
  await run();
  assert.is(objects.written.length, writes);
  needs.now = [{ name: 'db-mysql', keys: ['root', 'replication', 'app'] }];
  await run();
  const { app = '', ...rest } = texts();
  assert.match(app, /^[0-9a-f]{32}$/);
  assert.equal(rest, first);
});

controllers('nothing is made for a cluster that another control plane owns', async () => {
  const { run, held } = scene(false);
  await run();
  assert.is(held(), null);
});
