/** Moves the rollout of an agent's release on, in whichever gateway is first, and tells all gateways whose turn it is. */
import * as E from 'fp-ts/lib/Either.js';
import { type Observable, Subject } from 'rxjs';
import type { AgentRelease } from '../../api-types/agent-release.js';
import { type Millis, seconds } from '../../api-types/units.js';
import { type Clock, parseTimestamp } from '../../runtime/clock.js';
import type { Hosts } from '../../runtime/hosts.js';
import type { Log } from '../../runtime/log.js';
import { ROLLOUT } from '../../store/keys.js';
import { recordEvent } from '../../store/objects/events.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import type { KeyValue, Store } from '../../store/store.js';
import {
  advance,
  newRollout,
  Rollout,
  ROLLOUT_TIMES,
  type RolloutHost,
  type RolloutTimes,
  wantedOf,
} from './rollout.js';

const EVERY = seconds(5);

export interface RolloutsDependencies {
  readonly store: Store;
  readonly objects: Objects;
  readonly observed: Hosts;
  /** What is built here; null: nothing is. */
  readonly release: () => AgentRelease | null;
  readonly rolloutTimes?: RolloutTimes;
  readonly rolloutEvery?: Millis;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Rollouts {
  /** What the agent of this machine, which is this build, is to be told; null: nothing. The same object for the same. */
  wantedOf(machine: string, build: string): AgentRelease | null;
  /** How often a host is told that stays as it is. */
  readonly again: Millis;
  /** Somebody's turn came, or may have come again. */
  readonly changes$: Observable<void>;
  close(): Promise<void>;
}

const read = (kv: KeyValue | null): Rollout | null => {
  try {
    const decoded = Rollout.decode(JSON.parse(kv?.value ?? 'null'));
    return E.isRight(decoded) ? decoded.right : null;
  } catch {
    return null;
  }
};

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

class StoredRollouts implements Rollouts {
  private readonly changes = new Subject<void>();
  readonly changes$ = this.changes.asObservable();
  readonly again: Millis;
  private readonly stopping = new AbortController();
  private readonly running: Promise<void>;
  private current: Rollout | null = null;
  /** What this control plane has put forward: once each, so that an older one beside it does not turn hosts back. */
  private proposed: AgentRelease | null = null;

  constructor(private readonly with_: RolloutsDependencies) {
    this.again = (with_.rolloutTimes ?? ROLLOUT_TIMES).again;
    this.running = this.run();
  }

  wantedOf(machine: string, build: string): AgentRelease | null {
    return this.current === null ? null : wantedOf(this.current, machine, build);
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    const { clock, log, rolloutEvery = EVERY } = this.with_;
    while (!this.stopping.signal.aborted) {
      try {
        await this.step();
        if (this.current !== null) this.changes.next();
      } catch (error) {
        log.error('the rollout of the agent failed in an unexpected way', { error });
      }
      await clock.sleep(rolloutEvery, this.stopping.signal);
    }
  }

  private async step(): Promise<void> {
    const got = await this.with_.store.get(ROLLOUT)();
    if (E.isLeft(got)) return; // the store is away: who was told goes on
    const stored = read(got.right);
    const begun = this.begun(stored);
    if (begun === null) return;
    const wanted = advance({ ...this.view(), rollout: begun });
    if (same(stored, wanted)) this.take(stored ?? wanted);
    else await this.write(got.right, wanted);
  }

  /** The stored one, or a new one when another release was built here since. */
  private begun(stored: Rollout | null): Rollout | null {
    const release = this.with_.release();
    if (release === null || same(release, this.proposed)) return stored;
    if (!same(release, stored?.release)) return newRollout(release);
    this.proposed = release;
    return stored;
  }

  private async write(before: KeyValue | null, wanted: Rollout): Promise<void> {
    const { store, log } = this.with_;
    const compare = { key: ROLLOUT, target: 'mod', equals: before?.modRevision ?? 0 } as const;
    const value = JSON.stringify(wanted);
    const written = await store.txn({ compare: [compare], then: [{ op: 'put', key: ROLLOUT, value }] })();
    if (E.isLeft(written) || !written.right.succeeded) return; // another gateway was first: the next look shows what it did
    const own = this.with_.release();
    if (same(own, wanted.release)) this.proposed = own; // what another one put forward is moved on here, too
    const { release, stage, told, halted } = wanted;
    const keys = { version: release.version, stage, hosts: Object.keys(told).length };
    if (halted === undefined) log.info('the rollout of the agent goes on', keys);
    else this.halt(wanted.release, halted);
    this.take(wanted);
  }

  private take(rollout: Rollout): void {
    if (!same(this.current, rollout)) this.current = rollout;
  }

  private halt(release: AgentRelease, why: string): void {
    const { objects, clock, log } = this.with_;
    log.warn('the rollout of the agent is halted', { version: release.version, why });
    for (const cluster of objects.list('Cluster')) {
      const message = `agent ${release.version} is given to no more hosts: ${why}; build another one to go on`;
      const event = {
        regarding: cluster.ref,
        type: 'Warning',
        reason: 'AgentRolloutHalted',
        message,
      } as const;
      void recordEvent(objects, { ...event, source: 'gateway' }, clock.now())();
    }
  }

  private view() {
    const { objects, clock, rolloutTimes = ROLLOUT_TIMES } = this.with_;
    const now = clock.now();
    const hosts = objects.list('Instance').flatMap((live) => this.hostOf(live, now));
    return { now, hosts, times: rolloutTimes };
  }

  private hostOf({ status }: Live<'Instance'>, now: Millis): readonly RolloutHost[] {
    const { agent, machine } = status;
    if (agent?.build === undefined || machine?.id !== agent.machine) return [];
    return [
      {
        machine: agent.machine,
        build: agent.build,
        buildAge: now - parseTimestamp(agent.buildSince ?? ''),
        gaveUp: agent.gaveUp ?? null,
        connected: this.with_.observed.get(agent.machine)?.connected === true,
      },
    ];
  }
}

/** Begins to look after the rollout. */
export const openRollouts = (dependencies: RolloutsDependencies): Rollouts =>
  new StoredRollouts(dependencies);
