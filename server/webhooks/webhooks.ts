/** How often calls that prove nothing may come. */
import { seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { Limiter, clientOf } from '../access/limiter.js';

/** A Git host calls for all of its people from a few addresses: more at once than one who logs in. */
const BY_ADDRESS = { burst: 60, every: seconds(1) };

export interface Webhooks {
  /** Seconds to wait, 0: go on. */
  take(address: string): number;
  /** It was a good one. */
  giveBack(address: string): void;
}

export const openWebhooks = (clock: Clock): Webhooks => {
  const limiter = new Limiter(clock, BY_ADDRESS);
  return {
    take: (address) => limiter.take(clientOf(address)),
    giveBack: (address) => {
      limiter.giveBack(clientOf(address));
    },
  };
};
