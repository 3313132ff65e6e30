/** The shelf of a control plane in memory, as far as deployments use it. */
import type { Subject } from 'rxjs';
import type { Shelf } from '../../../../runtime/shelf.js';
import { unused } from '../../../fake/store-double.js';

/** A shelf that has what was put on it. */
export const shelfOf = (packs: Set<string>, lacking: Subject<string>): Shelf => ({
  has: (digest) => Promise.resolve(packs.has(digest)),
  get: unused,
  put: unused,
  link: () => Promise.resolve(null),
  work: unused,
  folder: '/nowhere',
  sweep: () => Promise.resolve([]),
  lack: (about) => {
    lacking.next(about);
  },
  lacking$: lacking.asObservable(),
});
