import * as E from 'fp-ts/lib/Either.js';
import { Subject } from 'rxjs';
import type { FetchDependencies } from '../../../../controllers/deployments/fetches.js';
import { Packs } from '../../../../controllers/deployments/packs.js';
import { silentLog } from '../../../../runtime/log.js';
import { release } from '../../../build/releases.js';
import { virtualClock } from '../../../fake/clock.js';
import { fakeObjects, ref } from '../../../fake/objects.js';
import { assert, suite } from '../../../suite.js';
import { shelfOf } from './doubles.js';

const test = suite('deployments: packs on a shelf that fails');

const refusing = (): Promise<never> => Promise.reject(new Error('the bucket answered 503'));

const packsOnBadShelf = (warnings: string[]): Packs => {
  const clock = virtualClock();
  const objects = fakeObjects(() => clock.now());
  const spec = { type: 'nodejs', source: { type: 'git', url: 'https://git.example/web.git' } };
  objects.has(ref('Application', 'shop', 'web'), { spec }, { current: release(1) });
  const on: FetchDependencies = {
    objects,
    artifacts: { ...shelfOf(new Set(), new Subject()), has: refusing, sweep: refusing },
    clock,
    log: {
      ...silentLog,
      warn: (message: string) => {
        warnings.push(message);
      },
    },
    stopped: new AbortController().signal,
    localSources: false,
    fetchPacked: refusing,
    texts: () => null,
  } as never;
  return new Packs(on);
};

test('of a store that cannot be asked nothing is brought back, and what listens to hosts goes on', async () => {
  const warnings: string[] = [];
  await packsOnBadShelf(warnings).mend('shop');
  assert.equal(warnings, ['the artifact store cannot be asked for a pack']);
});

test('clearing up is tried again: it is no defect', async () => {
  const swept = await packsOnBadShelf([]).sweep();
  assert.ok(E.isLeft(swept) && swept.left._tag === 'Transient');
});
