/** The fetches under way: only so many at once, and each only as long as its cluster is ours and has the source as it was. */
import type { Ownership } from '../../store/ownership.js';
import { clusterOf } from './observe.js';
import { fingerprintsOf, type CookbookStep } from './plan.js';
import { Slots } from '../../runtime/slots.js';
import { carryOut, type StepDependencies, type StepOutcome } from './steps.js';

/** Each may need 2 GiB of the disk for a while. */
const AT_ONCE = 16;
/** So that one cluster with slow sources leaves room for others. */
const OF_A_CLUSTER = 2;

interface Running {
  readonly cluster: string;
  readonly fingerprint: string;
  readonly cut: AbortController;
}

export interface FetchDependencies extends StepDependencies {
  readonly ownership: Ownership;
}

export class Fetches {
  private readonly running = new Set<Running>();
  private readonly slots = new Slots(AT_ONCE);

  constructor(private readonly on: FetchDependencies) {}

  /** Of what was cut off there is no outcome: it says nothing of the source. */
  async carryOut(cluster: string, steps: readonly CookbookStep[]): Promise<readonly StepOutcome[]> {
    const own = new Slots(OF_A_CLUSTER);
    const outcomes = await Promise.all(steps.map((step) => this.one(cluster, step, own)));
    return outcomes.filter((outcome) => outcome !== null);
  }

  /** The cluster may be another than it was. */
  review(name: string): void {
    const { objects, ownership } = this.on;
    const cluster = ownership.of(name) === null ? null : clusterOf(objects, name);
    const meant = fingerprintsOf(cluster?.spec.cookbooks ?? []);
    for (const { cluster: of, fingerprint, cut } of this.running)
      if (of === name && !meant.has(fingerprint)) cut.abort();
  }

  private async one(cluster: string, step: CookbookStep, own: Slots): Promise<StepOutcome | null> {
    const running: Running = { cluster, fingerprint: step.fingerprint, cut: new AbortController() };
    const signal = AbortSignal.any([this.on.stopped, running.cut.signal]);
    const fetch = (): Promise<StepOutcome> => carryOut({ ...this.on, stopped: signal }, cluster, step);
    this.running.add(running);
    try {
      const outcome = await own.within(signal, () => this.slots.within(signal, fetch));
      return signal.aborted ? null : outcome;
    } finally {
      this.running.delete(running);
    }
  }
}
