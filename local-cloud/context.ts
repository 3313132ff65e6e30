/** What every action works with. */
import type { Chance } from '../runtime/chance.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { hex } from '../runtime/chance.js';
import type { Result } from './api-error.js';
import type { Faults } from './faults.js';
import type { Params } from './query.js';
import type { Settings } from './settings.js';
import type { World } from './world.js';
import type { Xml } from './xml.js';

export interface LocalCloud {
  readonly world: World;
  readonly faults: Faults;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly settings: Settings;
  readonly log: Log;
}

export interface Action {
  /** Carries the call out and says what to answer; changes go through `world.commit`. */
  readonly handle: (cloud: LocalCloud, params: Params) => Result<Xml>;
  /** Machines the call names or asks for: what the resource bucket pays. */
  readonly machines?: (params: Params) => number;
  /** The answer is STS's, not EC2's. */
  readonly sts?: true;
}

/** An id as EC2 makes them: a prefix and 17 hex digits, not yet taken. */
export const freshId = (cloud: LocalCloud, prefix: string, taken: (id: string) => boolean): string => {
  for (;;) {
    const id = `${prefix}-${hex(cloud.chance, 9).slice(0, 17)}`;
    if (!taken(id)) return id;
  }
};
