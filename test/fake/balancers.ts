/**
 * Load balancers of a cloud that behave: members join when checks have succeeded, drain when they leave, and are forgotten
 * then. Nothing moves but by the clock and by calls, which can be told to fail.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { Balancers, BalancerMember, MemberHealth } from '../../cloud/balancers.js';
import type { BatchOutcome } from '../../cloud/cloud.js';
import type { Clock } from '../../runtime/clock.js';
import { stalled, type Failure } from '../../runtime/failure.js';

export interface FakeBalancersOptions {
  readonly clock: Clock;
  /** Milliseconds until a new member is healthy; 0: at once. */
  readonly joiningFor?: number;
  readonly drainingFor?: number;
}

type Call = 'members' | 'register' | 'deregister';

export interface FakeBalancers {
  readonly balancers: Balancers;
  /** One without members. */
  create(name: string): void;
  /** Machines that the cloud has; others are refused. */
  knows(...machines: readonly string[]): void;
  /** Its checks fail, or succeed again. */
  sicken(machine: string, sick?: boolean): void;
  /** The next `times` calls of this kind fail, having done nothing. */
  failNext(call: Call, failure: Failure, times?: number): void;
  /** Those that are given requests at the moment. */
  serving(name: string): readonly string[];
  /** Every change that was asked for, in order: `register lb i-1 i-2`. */
  readonly asked: readonly string[];
}

interface Member {
  readonly since: number;
  /** When it began to leave. */
  leaving: number | null;
}

const NO_SUCH = (name: string): Failure => stalled('NoSuchBalancer', `there is no load balancer ${name}`);
const NO_MACHINE = (id: string): Failure => stalled('BadParameter', `there is no machine ${id}`);

class Behaving implements FakeBalancers {
  readonly asked: string[] = [];
  readonly balancers: Balancers = {
    description: 'fake',
    members: (name) => () => this.answer('members', name, (members) => this.listed(members)),
    register: (name, machines) => () =>
      this.answer('register', name, (members) => this.register(name, members, machines)),
    deregister: (name, machines) => () =>
      this.answer('deregister', name, (members) => this.deregister(name, members, machines)),
  };
  private readonly all = new Map<string, Map<string, Member>>();
  private readonly machines = new Set<string>();
  private readonly sick = new Set<string>();
  private readonly failures: { readonly call: Call; readonly failure: Failure }[] = [];

  constructor(private readonly options: FakeBalancersOptions) {}

  create(name: string): void {
    this.all.set(name, new Map());
  }

  knows(...machines: readonly string[]): void {
    for (const machine of machines) this.machines.add(machine);
  }

  sicken(machine: string, sick = true): void {
    if (sick) this.sick.add(machine);
    else this.sick.delete(machine);
  }

  failNext(call: Call, failure: Failure, times = 1): void {
    this.failures.push(...Array.from({ length: times }, () => ({ call, failure })));
  }

  serving(name: string): readonly string[] {
    return this.listed(this.all.get(name) ?? new Map<string, Member>())
      .filter(({ health }) => health === 'healthy')
      .map(({ machine }) => machine);
  }

  private async answer<A>(
    call: Call,
    name: string,
    work: (members: Map<string, Member>) => A,
  ): Promise<E.Either<Failure, A>> {
    await Promise.resolve();
    const at = this.failures.findIndex((one) => one.call === call);
    const [failing] = at < 0 ? [] : this.failures.splice(at, 1);
    if (failing !== undefined) return E.left(failing.failure);
    const members = this.all.get(name);
    return members === undefined ? E.left(NO_SUCH(name)) : E.right(work(members));
  }

  private register(name: string, members: Map<string, Member>, machines: readonly string[]): BatchOutcome {
    this.asked.push(['register', name, ...machines].join(' '));
    const known = machines.filter((machine) => this.machines.has(machine));
    for (const machine of known) {
      const there = members.get(machine);
      if (there === undefined || this.isGone(there))
        members.set(machine, { since: this.now(), leaving: null });
      else there.leaving = null;
    }
    const failed = machines.filter((machine) => !this.machines.has(machine));
    return { done: known, failed: failed.map((id) => ({ id, failure: NO_MACHINE(id) })), unknown: [] };
  }

  private deregister(name: string, members: Map<string, Member>, machines: readonly string[]): BatchOutcome {
    this.asked.push(['deregister', name, ...machines].join(' '));
    for (const machine of machines) {
      const there = members.get(machine);
      if (there !== undefined) there.leaving ??= this.now();
    }
    return { done: machines, failed: [], unknown: [] };
  }

  private listed(members: Map<string, Member>): readonly BalancerMember[] {
    for (const [machine, member] of members) if (this.isGone(member)) members.delete(machine);
    return [...members].map(([machine, member]) => {
      const health = this.healthOf(machine, member);
      return { machine, health, reason: health === 'unhealthy' ? 'checks fail' : null };
    });
  }

  private healthOf(machine: string, { since, leaving }: Member): MemberHealth {
    if (leaving !== null) return 'draining';
    if (this.now() - since < (this.options.joiningFor ?? 0)) return 'joining';
    return this.sick.has(machine) ? 'unhealthy' : 'healthy';
  }

  private isGone({ leaving }: Member): boolean {
    return leaving !== null && this.now() - leaving >= (this.options.drainingFor ?? 0);
  }

  private now(): number {
    return this.options.clock.monotonic();
  }
}

/** There are no load balancers yet. */
export const fakeBalancers = (options: FakeBalancersOptions): FakeBalancers => new Behaving(options);
