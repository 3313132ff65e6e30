/** The course of one Deployment in one plan: what its record says, what it is to say, and what is to be done for that. */
import type { DeployOrder, DeployStep } from '../../api-types/deploy-order.js';
import {
  isEnded,
  type DeploymentHost,
  type DeploymentPhase,
  type DeploymentStatus,
  type HostStage,
} from '../../api-types/kinds/deployment.js';
import type { Target } from '../../api-types/kinds/lifecycle-event.js';
import { DEPLOY_TIMEOUT_SECONDS } from '../../api-types/deployment-strategy.js';
import type { HostRelease, Release } from '../../api-types/release.js';
import { sha256 } from '../../recipes/members.js';
import { parseTimestamp, timestamp } from '../../runtime/clock.js';
import type { Live } from '../../store/objects/objects.js';
import type { Order, Step, Told } from './actions.js';
import { machineOf, naturally } from './hosts.js';
import { waitOf } from './patience.js';
import { strategyIn, strategyOf, type Strategy } from './strategy.js';
import { timeoutOf } from './time-outs.js';
import type { View } from './view.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Why it is as it is, for programs and for people. */
export interface Cause {
  readonly reason: string;
  readonly message: string;
}

const causeIn = ({ status }: Live<'Deployment'>): Cause | null => {
  if (status.phase !== 'Paused' && status.phase !== 'RollingBack') return null;
  const ready = status.conditions?.['Ready'];
  return ready === undefined ? null : { reason: ready.reason, message: ready.message };
};

const isSameOrder = (there: DeployOrder | undefined, { uid, step, release, overlap }: DeployOrder): boolean =>
  there?.uid === uid &&
  there.step === step &&
  there.release?.number === release?.number &&
  there.release?.digest === release?.digest &&
  there.overlap === overlap;

const isTargetOf = ({ status }: Live<'LifecycleEvent'>, { instance, machine }: Target): boolean =>
  status.targets.some((one) => one.instance === instance && one.machine === machine);

/** Bytes, not characters: a record has so many. */
const cutTo = (message: string, most: number): string =>
  Buffer.from(message)
    .subarray(0, most)
    .toString()
    .replace(/\uFFFD+$/, '');

/** Somebody may have changed it meanwhile: that is for the next Deployment. */
const begunWith = ({ status }: Live<'Deployment'>, application: Live<'Application'>): Live<'Application'> =>
  status.application === undefined ? application : { ...application, spec: status.application };

const TARGETS_AN_EVENT = 4000;
const LONGEST_MESSAGE = 1000;
/** A record has 1 MiB: of many failures the first are told in full. */
const TOLD_IN_FULL = 50;
const SHORT_MESSAGE = 120;

export class Course {
  readonly next: Writable<Omit<DeploymentStatus, 'hosts'>>;
  readonly strategy: Strategy;
  /** As it was when the Deployment began, while there is no release of it. */
  readonly application: Live<'Application'>;
  /** What is to be done beside the records that follow from this. */
  readonly steps: Step[] = [];
  readonly orders: Order[] = [];
  /** What hosts run since; null: nothing. */
  readonly runs = new Map<string, HostRelease | null>();
  readonly tells: Told[] = [];
  readonly waits: { readonly after: number; readonly why: string }[] = [];
  /** What it does at the moment, for people; none: it is counted. */
  says: Cause | null = null;
  /** Why it does not go on: in its record from then on. */
  cause: Cause | null;
  private readonly all: Map<string, DeploymentHost>;
  private bumped = false;
  private failures: number;

  constructor(
    readonly view: View,
    readonly live: Live<'Deployment'>,
    /** It is there while a Deployment goes on. */
    application: Live<'Application'>,
  ) {
    const { hosts = {}, ...status } = live.status;
    this.next = { ...status };
    this.cause = causeIn(live);
    this.application = begunWith(live, application);
    this.strategy =
      status.strategy === undefined
        ? strategyOf(live.spec, application.spec.strategy)
        : strategyIn(status.strategy);
    const sorted = Object.entries(hosts).sort(([one], [other]) => naturally(one, other));
    this.all = new Map(sorted);
    this.failures = sorted.filter(([, { message }]) => message !== undefined).length;
  }

  get hosts(): ReadonlyMap<string, DeploymentHost> {
    return this.all;
  }

  get phase(): DeploymentPhase {
    return this.next.phase ?? 'Pending';
  }

  get timeoutSeconds(): number {
    return this.live.spec.timeoutSeconds ?? DEPLOY_TIMEOUT_SECONDS;
  }

  get now(): string {
    return timestamp(this.view.now);
  }

  get begun(): boolean {
    return this.next.startedAt !== undefined;
  }

  get ended(): boolean {
    return isEnded(this.next);
  }

  /** Hosts in one of these stages, in their order. */
  in(...stages: readonly HostStage[]): readonly string[] {
    return [...this.all].flatMap(([name, { stage }]) => (stages.includes(stage) ? [name] : []));
  }

  /** Adds a host behind the others. */
  add(name: string, host: Omit<DeploymentHost, 'since'>): void {
    this.all.set(name, { ...host, since: this.now });
  }

  /** Undefined fields go. `since` is when it entered the stage, or a part of it. */
  move(name: string, stage: HostStage, changes: Partial<DeploymentHost> = {}): void {
    const host = this.all.get(name);
    if (host === undefined) throw new Error(`${name} is no host of this Deployment`);
    this.all.set(name, { ...host, ...changes, stage, since: this.now });
  }

  /** The change that load balancers are to be told of; all of one plan are one. */
  change(): number {
    if (!this.bumped) this.next.change = (this.next.change ?? 0) + 1;
    this.bumped = true;
    return this.next.change ?? 0;
  }

  isTold({ change }: DeploymentHost): boolean {
    return change !== undefined && !(this.bumped && change === this.next.change)
      ? (this.live.status.told ?? 0) >= change
      : false;
  }

  /** Tells hosts what to do; they have to be in its stage. */
  order(step: DeployStep, names: readonly string[], more: Partial<DeployOrder> = {}): void {
    for (let from = 0; from < names.length; from += TARGETS_AN_EVENT)
      this.piece(step, names.slice(from, from + TARGETS_AN_EVENT), more);
  }

  private piece(step: DeployStep, names: readonly string[], more: Partial<DeployOrder>): void {
    const events = this.next.events ?? [];
    const { uid, ref, spec } = this.live;
    const digest = sha256(`${uid} ${step} ${String(events.length)}`).slice(0, 12);
    const name = `release-${step}-${digest}-${String(events.length)}`;
    const attributes = spec.attributes ?? {};
    const order: DeployOrder = {
      uid,
      deployment: ref.name,
      application: spec.application,
      step,
      ...(Object.keys(attributes).length === 0 ? {} : { attributes }),
      ...more,
    };
    this.next.events = [...events, name];
    const there = this.view.eventOf(name);
    if (there === null) {
      const cause = `Deployment ${ref.name}: ${step} of ${spec.application}`;
      const targets = names.map((instance) => this.targetOf(instance));
      const timeoutSeconds = timeoutOf(order, this.timeoutSeconds);
      this.orders.push({ name, cause, order, targets, timeoutSeconds });
      this.told(name, names);
    } else this.takeUp(there, order, names);
  }

  /** Written by a plan whose record was not: who was told the same by it is told; the others are told by the next one. */
  private takeUp(there: Live<'LifecycleEvent'>, order: DeployOrder, names: readonly string[]): void {
    const reached = isSameOrder(there.status.deployment, order)
      ? names.filter((name) => isTargetOf(there, this.targetOf(name)))
      : [];
    this.told(there.ref.name, reached);
    this.order(
      order.step,
      names.filter((name) => !reached.includes(name)),
      order,
    );
  }

  private targetOf(instance: string): Target {
    return { instance, machine: this.all.get(instance)?.machine ?? '' };
  }

  private told(event: string, names: readonly string[]): void {
    for (const host of names) this.move(host, this.all.get(host)?.stage ?? 'waiting', { event });
  }

  /** Its word stays with the host. */
  fail(name: string, message: string, changes: Partial<DeploymentHost> = {}): void {
    const full = this.failures < TOLD_IN_FULL ? LONGEST_MESSAGE : SHORT_MESSAGE;
    this.failures += 1;
    this.move(name, 'failed', { ...changes, message: cutTo(message, full) });
    if (full === LONGEST_MESSAGE) this.tell('Warning', 'HostFailed', `${name}: ${message}`);
  }

  skip(name: string, message: string, changes: Partial<DeploymentHost> = {}): void {
    this.move(name, 'skipped', { message: cutTo(message, SHORT_MESSAGE), ...changes });
  }

  tell(type: Told['type'], reason: string, message: string): void {
    this.tells.push({
      deployment: this.live.ref.name,
      type,
      reason,
      message: message.slice(0, LONGEST_MESSAGE),
    });
  }

  /** Milliseconds from now on. */
  wait(after: number, why: string): void {
    this.waits.push({ after: Math.max(1, after), why });
  }

  /** Milliseconds since. */
  ageOf(since: string | undefined): number {
    return since === undefined ? 0 : this.view.now - parseTimestamp(since);
  }

  /** Milliseconds that this control plane has waited for what the host is at. */
  waitedFor(host: DeploymentHost): number {
    return this.view.waitedFor(waitOf(this.live.uid, host));
  }

  enter(phase: DeploymentPhase): void {
    this.next.phase = phase;
    if (phase !== 'Paused') delete this.next.pausedAt;
  }

  /** Its machine is still the one that it had. */
  isThere(name: string): boolean {
    const live = this.view.instances.get(name);
    return live !== undefined && machineOf(live) === this.all.get(name)?.machine;
  }

  end(phase: 'Succeeded' | 'Failed' | 'Aborted', cause: Cause): void {
    for (const name of this.in('waiting', 'preparing', 'prepared'))
      this.skip(name, 'the Deployment ended before');
    this.enter(phase);
    this.next.finishedAt = this.now;
    delete this.next.application;
    this.says = cause;
    this.steps.push({ action: 'drop', uid: this.live.uid });
    this.tell(phase === 'Succeeded' ? 'Normal' : 'Warning', `Deployment${phase}`, cause.message);
  }

  /** The release that it brings. */
  release(): Release {
    const { release } = this.next;
    if (release === undefined) throw new Error(`Deployment ${this.live.ref.name} has no release yet`);
    return release;
  }
}
