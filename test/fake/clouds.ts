/** A Clouds port of fake clouds by name; a cloud can be taken away and brought back. */
import { Subject } from 'rxjs';
import type { Clouds, OpenCloud } from '../../cloud/cloud.js';

export interface FakeClouds extends Clouds {
  set(name: string, open: OpenCloud | null): void;
}

export const fakeClouds = (initial: Readonly<Record<string, OpenCloud>>): FakeClouds => {
  const open = new Map(Object.entries(initial));
  const changes = new Subject<string>();
  return {
    get: (name) => open.get(name) ?? null,
    changes$: changes.asObservable(),
    set: (name, next) => {
      if (next === null) open.delete(name);
      else open.set(name, next);
      changes.next(name);
    },
  };
};
