/** How a Deployment proceeds: its strategy with nothing left to default, and the next hosts whose turn it is. Pure. */
import type { Canary, DeploymentStrategy } from '../../api-types/deployment-strategy.js';
import type { DeploymentSpec } from '../../api-types/kinds/deployment.js';

export type StrategyType = DeploymentStrategy['type'];

export interface Strategy {
  readonly type: StrategyType;
  readonly batch: number | string;
  readonly maxUnavailable: number | string | null;
  readonly byZone: boolean;
  readonly pauseSeconds: number;
  readonly canary: Canary;
  readonly keepSeconds: number;
  readonly drainSeconds: number | null;
}

const BATCH = '25%';
const KEEP_SECONDS = 600;

const withDefaults = (given: DeploymentStrategy): Strategy => ({
  type: given.type,
  batch: given.batch ?? BATCH,
  maxUnavailable: given.maxUnavailable ?? null,
  byZone: given.byZone ?? false,
  pauseSeconds: given.pauseSeconds ?? 0,
  canary: given.canary ?? {},
  keepSeconds: given.keepSeconds ?? KEEP_SECONDS,
  drainSeconds: given.drainSeconds ?? null,
});

/** As a record holds it. */
export const recorded = ({ maxUnavailable, drainSeconds, ...others }: Strategy): DeploymentStrategy => ({
  ...others,
  ...(maxUnavailable === null ? {} : { maxUnavailable }),
  ...(drainSeconds === null ? {} : { drainSeconds }),
});

/** One that a Deployment began with. */
export const strategyIn = (record: DeploymentStrategy): Strategy => withDefaults(record);

/** Without a strategy of their own: what hosts have on their disk comes back in two batches. */
const HALVES: DeploymentStrategy = { type: 'rolling', batch: '50%' };

/** New hosts and a look at the first ones are for new releases: other commands go batch after batch. */
const plain = (strategy: DeploymentStrategy): DeploymentStrategy =>
  strategy.type === 'blue-green' || strategy.type === 'canary' ? { ...strategy, type: 'rolling' } : strategy;

/** `own`: the Application's. */
export const strategyOf = (spec: DeploymentSpec, own: DeploymentStrategy | undefined): Strategy => {
  const given = spec.strategy ?? own ?? { type: 'rolling' };
  switch (spec.command) {
    case 'deploy':
      return withDefaults(given);
    case 'rollback':
      return withDefaults(spec.strategy ?? HALVES);
    case 'restart':
      return withDefaults(plain(given));
    default:
      return withDefaults({ type: 'all-at-once' });
  }
};

/** `3`, or `"25%"` of `total` rounded up; at least one. */
export const countOf = (wish: number | string, total: number): number => {
  const count = typeof wish === 'number' ? wish : Math.ceil((Number(wish.replace('%', '')) * total) / 100);
  return Math.max(1, count);
};

export interface Candidate {
  readonly name: string;
  readonly zone: string;
  /** It is in service: taking it out costs. */
  readonly serves: boolean;
}

export interface Choice {
  readonly strategy: Strategy;
  /** The batch that is chosen, counted from 1. */
  readonly batch: number;
  /** All hosts of the Deployment. */
  readonly total: number;
  /** Hosts of it that are out of service already, whatever for. */
  readonly unavailable: number;
}

const sizeOf = ({ strategy, batch, total }: Choice): number => {
  if (strategy.type === 'all-at-once' || strategy.type === 'blue-green') return total;
  if (strategy.type === 'canary' && batch === 1) return countOf(strategy.canary.hosts ?? 1, total);
  return countOf(strategy.batch, total);
};

const allowedOf = (choice: Choice, size: number): number => {
  const { strategy, total, unavailable } = choice;
  if (strategy.type === 'all-at-once' || strategy.type === 'blue-green') return Infinity;
  // a canary that is lost is out: the next one is not held up by it where a batch has more
  const batch = Math.max(size, countOf(strategy.batch, total));
  const most = strategy.maxUnavailable === null ? batch : countOf(strategy.maxUnavailable, total);
  return most - unavailable;
};

/** The hosts whose turn it is, in their order; none: too many are out of service already. */
export const nextBatch = (candidates: readonly Candidate[], choice: Choice): readonly Candidate[] => {
  const size = sizeOf(choice);
  let allowed = allowedOf(choice, size);
  const chosen: Candidate[] = [];
  for (const one of candidates) {
    if (chosen.length === size) break;
    const elsewhere = choice.strategy.byZone && chosen[0] !== undefined && chosen[0].zone !== one.zone;
    if (elsewhere || (one.serves && allowed < 1)) continue;
    if (one.serves) allowed -= 1;
    chosen.push(one);
  }
  return chosen;
};

/** How many batches there will be, as far as can be told. */
export const batchesOf = (strategy: Strategy, total: number): number => {
  const choice = { strategy, batch: 1, total, unavailable: 0 };
  const first = Math.min(total, sizeOf(choice));
  return 1 + Math.ceil((total - first) / sizeOf({ ...choice, batch: 2 }));
};
