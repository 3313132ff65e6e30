/** What becomes of Secrets that come past the API; part of the conformance of Objects. */
import * as E from 'fp-ts/lib/Either.js';
import { LAST_APPLIED, type SecretSpec } from '../../api-types/kinds/secret.js';
import { orThrow } from '../../runtime/failure.js';
import { openTexts } from '../../runtime/sealing.js';
import { ROOT, specKey } from '../../store/keys.js';
import type { Live, Ref } from '../../store/objects/objects.js';
import { assert, type Suite } from '../suite.js';
import { WORLD_SEALER, del, eventually, put, start, type Bench, type Plane } from './objects-world.js';

const DB: Ref<'Secret'> = { kind: 'Secret', cluster: 'shop', name: 'db' };
const KEY = specKey(DB);
const PLAIN = 'correct horse battery staple';

const everything = async ({ store }: Bench): Promise<string> =>
  JSON.stringify((await orThrow(store.list(ROOT))).items);

const isSealed = ({ spec }: Live<'Secret'>): boolean => spec.data === undefined && spec.sealed !== undefined;

/** The Secret once it is sealed and its record notes that. */
const sealed = (plane: Plane, revision: number): Promise<Live<'Secret'>> =>
  eventually('it is sealed', () => {
    const live = plane.objects.get(DB);
    return live !== null &&
      isSealed(live) &&
      live.specRevision > revision &&
      live.status.conditions?.['Valid']
      ? live
      : null;
  });

const opened = ({ spec }: Live<'Secret'>): unknown => openTexts(WORLD_SEALER, KEY, spec.sealed ?? {});

/** How the keeper treats values in plain. */
export const secrets = (test: Suite<Bench>): void => {
  test('a Secret put in plain is sealed in place, and its values get nowhere else', async (bench) => {
    const plane = await start(bench);
    const document = {
      labels: { app: 'shop' },
      annotations: { [LAST_APPLIED]: PLAIN, note: 'kept' },
      spec: { data: { password: PLAIN, user: 'web' } },
    };
    const revision = await put(bench.store, DB, document);
    const live = await sealed(plane, revision);
    assert.equal(opened(live), E.right({ password: PLAIN, user: 'web' }));
    assert.equal([live.labels, live.annotations], [{ app: 'shop' }, { note: 'kept' }]);
    await eventually('it is told', () => plane.objects.list('Event').length > 0);
    assert.not.match(await everything(bench), new RegExp(PLAIN));
    assert.match(
      plane.objects
        .list('Event')
        .map(({ status }) => status.message)
        .join(),
      /sealed/,
    );
  });

  test('values that were put before anybody looked are sealed at the start', async (bench) => {
    const revision = await put(bench.store, DB, `spec:\n  data:\n    password: ${PLAIN}\n`);
    const live = await sealed(await start(bench), revision);
    assert.equal(opened(live), E.right({ password: PLAIN }));
    assert.not.match(await everything(bench), new RegExp(PLAIN));
  });

  test('values beside sealed ones are added; the same value keeps its sealed text', async (bench) => {
    const plane = await start(bench);
    const first = await sealed(plane, await put(bench.store, DB, { spec: { data: { password: PLAIN } } }));
    const both: SecretSpec = { ...first.spec, data: { token: 't-1' } };
    const second = await sealed(plane, await put(bench.store, DB, { spec: both }));
    assert.equal(opened(second), E.right({ password: PLAIN, token: 't-1' }));
    const again = await put(bench.store, DB, { spec: { data: { password: PLAIN, token: 't-2' } } });
    const third = await sealed(plane, again);
    assert.is(third.spec.sealed?.['password'], first.spec.sealed?.['password']);
    assert.equal(opened(third), E.right({ password: PLAIN, token: 't-2' }));
  });

  test('an edit that does not decode freezes the Secret and tells no value', async (bench) => {
    const plane = await start(bench);
    const first = await sealed(plane, await put(bench.store, DB, { spec: { data: { password: PLAIN } } }));
    const bad = [{ spec: { data: { password: [PLAIN] } } }, `{"spec": {"data": {"password": "${PLAIN}`];
    for (const document of bad) {
      const revision = await put(bench.store, DB, document);
      const live = await eventually('it is frozen', () => {
        const now = plane.objects.get(DB);
        return now?.frozen?.revision === revision && now.recordRevision > revision ? now : null;
      });
      assert.equal(live.spec, first.spec, 'what was valid stays in force');
      const told = plane.objects.list('Event').map(({ status }) => status.message);
      assert.not.match(JSON.stringify([live, told]), /correct horse/);
    }
    const items = (await orThrow(bench.store.list(ROOT))).items.filter(({ key }) => key !== KEY);
    assert.not.match(JSON.stringify(items), /correct horse/);
  });

  test('a deleted Secret is gone at once', async (bench) => {
    const plane = await start(bench);
    await sealed(plane, await put(bench.store, DB, { spec: { data: { password: PLAIN } } }));
    await del(bench.store, DB);
    await eventually('it is gone', () => plane.objects.get(DB) === null);
  });
};
