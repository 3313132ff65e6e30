/** All connections of agents to this gateway: what they say, what they are told. */
import { isIP } from 'node:net';
import * as E from 'fp-ts/lib/Either.js';
import type WebSocket from 'ws';
import type { RawData } from 'ws';
import {
  AgentMessage,
  CLOSE,
  type Hello,
  type Report,
  type Welcome,
} from '../../api-types/agent-protocol.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import { millis, type Millis } from '../../api-types/units.js';
import { type Clock, timestamp, type Timer } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Connection, Observed } from '../../store/observed/observed.js';
import { refusalOf } from './abilities.js';
import type { Counters } from './counters.js';
import type { Directory } from './directory.js';
import type { Recorder } from './first-words.js';
import type { CatchUp } from './freshness.js';
import type { Gatherer } from './gather.js';
import type { HostLogs } from './host-logs.js';
import { Link, type LinkedHost } from './link.js';
import type { Order, Orders } from './orders.js';
import type { Places } from './places.js';
import type { Delivered } from './results.js';
import type { Rollouts } from '../agent-files/rollouts.js';
import { nextSession } from './sessions.js';

/** Heartbeats without a sign of life after which a connection is taken for half open. */
const PATIENCE = 3;
/** Parts of a heartbeat; with each some of the connections have their turn. */
const SHARES = 50;

export interface LinksDependencies {
  readonly id: string;
  readonly url: string;
  readonly heartbeat: Millis;
  readonly revision: () => number;
  readonly places: Places;
  readonly orders: Orders;
  readonly observed: Observed;
  readonly directory: Directory;
  readonly recorder: Recorder;
  readonly results: Gatherer<Delivered>;
  readonly catchUp: CatchUp;
  readonly hostLogs: HostLogs;
  readonly rollouts: Pick<Rollouts, 'wantedOf' | 'again'>;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly log: Log;
}

const messageOf = (data: RawData): AgentMessage | null => {
  try {
    const decoded = AgentMessage.decode(JSON.parse((data as Buffer).toString('utf8')));
    return E.isRight(decoded) ? decoded.right : null;
  } catch {
    return null;
  }
};

export class Links {
  private readonly byMachine = new Map<string, Link>();
  private timer: Timer;
  private beats = 0;
  /** Connections that have not had their turn in this heartbeat. */
  private round: Link[] = [];
  private lastBeat: Millis;
  private listensSince: Millis;

  constructor(private readonly with_: LinksDependencies) {
    this.lastBeat = this.listensSince = with_.clock.monotonic();
    this.timer = this.again();
  }

  connected(): number {
    return this.byMachine.size;
  }

  /** The connection of a machine's agent that has said hello, or null. */
  of(machine: string): Link | null {
    const link = this.byMachine.get(machine);
    return link !== undefined && link.session > 0 ? link : null;
  }

  /** A connection whose credential was checked. */
  accept(host: LinkedHost, socket: WebSocket): void {
    const { machine } = host;
    const link = new Link(host, socket, this.with_.counters);
    const alive = (): void => {
      link.heardAt = this.with_.clock.monotonic();
    };
    alive();
    this.byMachine.get(machine)?.socket.close(CLOSE.replaced, 'connected again');
    this.byMachine.set(machine, link);
    socket.on('pong', alive);
    socket.on('message', (data) => {
      alive();
      this.hear(link, data);
    });
    socket.on('error', () => undefined); // its close follows
    socket.on('close', () => {
      this.leave(link);
    });
  }

  /** Sends a new event to those of its targets that are connected here. */
  dispatch(order: Order): void {
    for (const machine of order.targets) {
      const link = this.byMachine.get(machine);
      if (link !== undefined && link.session > 0) this.give(link, order);
    }
  }

  /** Or says itself that the host cannot do it, as the host would have. */
  private give(link: Link, order: Order): void {
    const { orders, results, clock, log } = this.with_;
    const result = refusalOf(link, order, timestamp(clock.now()));
    if (result === null) {
      link.order(order, orders);
      return;
    }
    log.warn('an agent is too old for an event', { machine: link.machine, event: order.name });
    results.add({ cluster: order.cluster, result, recorded: () => undefined });
  }

  /** No record names the machine any more. */
  release(machine: string): void {
    this.byMachine.get(machine)?.socket.close(CLOSE.released, 'the machine was released');
  }

  /** Another gateway came: should this one die without a word, its agents know where to go. */
  announce(): void {
    const message = JSON.stringify({ type: 'gateways', gateways: this.gateways() });
    for (const link of this.byMachine.values()) if (link.session > 0) link.send(message);
  }

  /** The rollout went on: those whose turn it is are told. */
  rollOut(): void {
    for (const link of this.byMachine.values()) if (link.session > 0) this.update(link);
  }

  /** A later session of a machine of ours lives elsewhere: ours is half open. */
  elsewhere(machine: string): void {
    const link = this.byMachine.get(machine);
    if (link === undefined || link.session === 0) return;
    const { observed, id } = this.with_;
    if (observed.lastSession(machine) > link.session && observed.gatewayOf(machine) !== id)
      link.socket.close(CLOSE.replaced, 'connected elsewhere');
  }

  /** Sends every agent to another gateway. */
  async close(): Promise<void> {
    this.timer.cancel();
    const links = [...this.byMachine.values()];
    for (const { socket } of links) socket.close(CLOSE.leaving, 'the gateway is leaving');
    if (links.length > 0) await this.with_.clock.sleep(millis(200));
    for (const { socket } of links) socket.terminate();
  }

  private again(): Timer {
    return this.with_.clock.after(millis(this.with_.heartbeat / SHARES), () => {
      this.timer = this.again();
      this.beat();
    });
  }

  /** Every connection has its turn once a heartbeat; thousands of pings at once would keep everybody waiting. */
  private beat(): void {
    if (this.beats === 0) this.round = [...this.byMachine.values()];
    const share = Math.ceil(this.round.length / (SHARES - this.beats));
    this.beats = (this.beats + 1) % SHARES;
    const now = this.with_.clock.monotonic();
    // we were stopped, or had too much to do: what came meanwhile has not been heard yet
    if (now - this.lastBeat > this.with_.heartbeat) this.listensSince = now;
    this.lastBeat = now;
    const since = now - this.with_.heartbeat * PATIENCE;
    for (const link of this.round.splice(0, share)) {
      if (this.byMachine.get(link.machine) !== link) continue;
      if (Math.max(link.heardAt, this.listensSince) < since) link.socket.terminate();
      else link.socket.ping();
    }
  }

  private leave(link: Link): void {
    if (this.byMachine.get(link.machine) === link) this.byMachine.delete(link.machine);
    this.with_.hostLogs.left(link);
    if (link.session > 0) this.with_.observed.disconnected(this.connectionOf(link));
  }

  private connectionOf({ machine, session }: Link): Connection {
    return { machine, session, gateway: this.with_.id };
  }

  private hear(link: Link, data: RawData): void {
    const message = messageOf(data);
    const first = link.session === 0;
    if (message === null || (message.type === 'hello') !== first) {
      this.with_.counters.protocolErrors += 1;
      this.with_.log.warn('an agent does not keep to the protocol', { machine: link.machine });
      link.socket.close(CLOSE.protocol, 'not a message of this protocol');
      return;
    }
    if (message.type === 'hello') this.greet(link, message);
    else if (message.type === 'report') this.report(link, message);
    else if (message.type === 'result') void this.result(link, message.result);
    else if (message.type === 'log') this.with_.hostLogs.heard(link, message);
  }

  private greet(link: Link, hello: Hello): void {
    const { observed, places, orders, recorder, revision } = this.with_;
    const { machine, place, remote } = link.host;
    link.session = nextSession(hello.lastSession, observed.lastSession(machine), revision());
    link.snapshot = hello.snapshot;
    observed.connected(this.connectionOf(link), places.knows);
    const address = isIP(hello.address ?? '') === 0 ? remote : (hello.address ?? remote);
    const { cluster, instance } = place;
    const { version, startedAt = null, build = null, gaveUp = null, can = [] } = hello;
    recorder.note({ cluster, instance, machine, address, version, startedAt, build, gaveUp });
    link.build = build;
    link.agent = { version, can };
    link.send(JSON.stringify(this.welcome(link)));
    this.update(link);
    for (const order of orders.from(machine, hello.cursor)) this.give(link, order);
  }

  private update(link: Link): void {
    const { rollouts, clock, log } = this.with_;
    const release = link.build === null ? null : rollouts.wantedOf(link.machine, link.build);
    const now = clock.monotonic();
    if (release === null || (link.toldOf === release && now - link.toldAt < rollouts.again)) return;
    link.toldOf = release;
    link.toldAt = now;
    log.info('an agent is told to update', { machine: link.machine, from: link.build });
    link.send(JSON.stringify({ type: 'update', release }));
  }

  private welcome({ session, host }: Link): Welcome {
    const { heartbeat } = this.with_;
    return {
      type: 'welcome',
      session,
      heartbeatSeconds: heartbeat / 1000,
      instance: host.place.instance,
      gateways: this.gateways(),
    };
  }

  private gateways(): readonly string[] {
    const { url, directory } = this.with_;
    return [...new Set([url, ...directory.live().values()])];
  }

  private report(link: Link, report: Report): void {
    this.with_.counters.reports += 1;
    this.with_.observed.report(this.connectionOf(link), report, this.with_.places.knows);
  }

  /** An event this gateway has not heard of may be one it has not heard of *yet*: another one sent it. */
  private async result(link: Link, result: EventResult): Promise<void> {
    const { orders, catchUp, results, log } = this.with_;
    const { machine, place } = link.host;
    const recorded = (): void => {
      link.send(JSON.stringify({ type: 'recorded', event: result.event }));
    };
    if (result.machine !== machine || result.instance !== place.instance) {
      log.warn('an agent reports for another machine', { machine, reported: result.machine });
      link.socket.close(CLOSE.protocol, 'a result of another machine');
      return;
    }
    if (orders.find(machine, result.event) === null) {
      if (!(await catchUp())) return; // it is told again over the next connection
      if (orders.find(machine, result.event) === null) {
        recorded(); // the event is long gone: nobody wants to know
        return;
      }
    }
    results.add({ cluster: place.cluster, result, recorded });
  }
}
