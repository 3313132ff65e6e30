/** A service manager that remembers what it was told. */
import type { ServiceManager } from '../../../recipes/services/service-manager.js';

interface Unit {
  running: boolean;
  enabled: boolean;
}

export interface FakeServices extends ServiceManager {
  /** `start web` and so on, without those that only read. */
  readonly calls: string[];
  /** From now on it starts and ends again. */
  dies(name: string, why: string): void;
  /** The next such call is refused. */
  refuses(call: string): void;
}

/** Units that are loaded, and what is so of them from the start. */
export const fakeServices = (units: Readonly<Record<string, Partial<Unit>>>): FakeServices => {
  const known = new Map(
    Object.entries(units).map(([name, unit]): [string, Unit] => [
      name,
      { running: false, enabled: false, ...unit },
    ]),
  );
  const dying = new Map<string, string>();
  const calls: string[] = [];
  const refused = new Set<string>();
  const set =
    (verb: string, more: Partial<Unit>) =>
    (name: string): Promise<void> => {
      const unit = known.get(name);
      calls.push(`${verb} ${name}`);
      if (refused.delete(`${verb} ${name}`)) return Promise.reject(new Error(`${verb} refused`));
      if (unit === undefined) return Promise.reject(new Error(`no unit ${name}`));
      Object.assign(unit, more);
      return Promise.resolve();
    };
  return {
    calls,
    dies: (name, why) => {
      dying.set(name, why);
    },
    refuses: (call) => {
      refused.add(call);
    },
    state: (name) => {
      const { running = false, enabled = false } = known.get(name) ?? {};
      const result = dying.get(name);
      return Promise.resolve({
        loaded: known.has(name),
        running: running && result === undefined,
        enabled,
        ...(result === undefined ? {} : { result }),
      });
    },
    start: set('start', { running: true }),
    stop: set('stop', { running: false }),
    restart: set('restart', { running: true }),
    reload: set('reload', {}),
    enable: set('enable', { enabled: true }),
    disable: set('disable', { enabled: false }),
    readUnits: () => {
      calls.push('readUnits');
      return Promise.resolve();
    },
  };
};
