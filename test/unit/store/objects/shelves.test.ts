import fc from 'fast-check';
import { shelves } from '../../../../store/objects/shelves.js';
import { instance } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';

const test = suite('sorted lists of objects');

const step = fc.record({
  cluster: fc.constantFrom('a', 'b'),
  name: fc.constantFrom('app-1', 'app-10', 'app-2', 'B', 'z'),
  there: fc.boolean(),
  lists: fc.boolean(),
});

test('lists are sorted by cluster and name, and one that was given out never changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const made = shelves();
      const known = new Map<string, string>();
      const given: { readonly list: readonly unknown[]; readonly copy: readonly unknown[] }[] = [];
      steps.forEach(({ cluster, name, there, lists }, index) => {
        const live = instance(name, { cluster, uid: String(index) });
        made.set(live.ref, there ? live : null);
        if (there) known.set(`${cluster}/${name}`, live.uid);
        else known.delete(`${cluster}/${name}`);
        const wanted = [...known].sort(([one], [other]) => (one < other ? -1 : 1));
        if (lists) {
          const list = made.list('Instance', 'a');
          given.push({ list, copy: [...list] });
          assert.equal(
            list.map(({ ref, uid }) => [`a/${ref.name}`, uid]),
            wanted.filter(([place]) => place.startsWith('a/')),
          );
          const all = made.list('Instance').map(({ ref, uid }) => [`${ref.cluster ?? ''}/${ref.name}`, uid]);
          assert.equal(all, wanted);
        }
        for (const { list, copy } of given) assert.equal(list, copy);
      });
    }),
  );
});
