/** What an agent says and hears over one connection. */
import {
  ABILITIES,
  type EventOrder,
  type GatewayMessage,
  type Welcome,
} from '../api-types/agent-protocol.js';
import type { EventResult } from '../api-types/kinds/lifecycle-event.js';
import { type Millis, seconds } from '../api-types/units.js';
import { type Clock, type Timer, timestamp } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { type Connection, connect, type Ending } from './connection.js';
import type { HostLog } from './host-log.js';
import type { Journal, Order } from './journal.js';
import { LogRequests } from './log-requests.js';
import type { Measure } from './measure.js';
import type { Memory } from './memory.js';
import type { Route } from './requests.js';
import type { Runner } from './runner.js';
import type { Snapshots } from './snapshots.js';
import type { Updater } from './update/updater.js';

export interface SessionDependencies {
  readonly version: string;
  /** The host's address when it is not the one it connects from. */
  readonly address: string | null;
  /** RFC 3339: since when this agent runs. */
  readonly startedAt: string;
  readonly memory: Memory;
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  readonly runner: Runner;
  readonly measure: Measure;
  /** Null: the host keeps none. */
  readonly hostLog: HostLog | null;
  /** Null: the agent is no file of its own. */
  readonly updater: Updater | null;
  readonly clock: Clock;
  readonly log: Log;
}

/** Heartbeats without any sign of the gateway after which it is taken for dead. */
const PATIENCE = 3;

export class Session {
  private connection: Connection | null = null;
  private sequence = 0;
  private lastAlive: Millis;
  private timer: Timer | null = null;
  private over = false;
  private incoming: Promise<void> = Promise.resolve();
  private readonly logs: LogRequests;
  /** A welcome came: this gateway is a good one. */
  welcomed = false;
  /** RFC 3339; null: none was sent yet. */
  heartbeatAt: string | null = null;
  connectedAt: string | null = null;

  constructor(private readonly with_: SessionDependencies) {
    this.lastAlive = with_.clock.monotonic();
    this.logs = new LogRequests(with_.hostLog, (message) => {
      this.connection?.send(message);
    });
  }

  /** Lives through one connection; resolves with how it ended, once all that came has been taken in. */
  async run(route: Route, credential: string): Promise<Ending> {
    const { memory, clock } = this.with_;
    const connection = connect(
      route,
      { machine: memory.known.machine, credential },
      {
        opened: () => {
          this.hello();
        },
        message: (message) => {
          this.hear(message);
        },
        alive: () => {
          this.lastAlive = clock.monotonic();
        },
      },
    );
    this.connection = connection;
    if (this.over) connection.cut();
    const ending = await connection.ended;
    this.over = true;
    this.timer?.cancel();
    this.logs.close();
    await this.incoming;
    return ending;
  }

  /** Reports a result that is on disk; unheard results are told again over the next connection. */
  tell(result: EventResult): void {
    if (this.welcomed) this.connection?.send({ type: 'result', result });
  }

  end(): void {
    this.over = true;
    this.connection?.close();
  }

  private hello(): void {
    const { memory, journal, snapshots, version, address, startedAt } = this.with_;
    this.connection?.send({
      type: 'hello',
      version,
      cursor: journal.cursor(),
      lastSession: memory.known.lastSession,
      snapshot: snapshots.newest(),
      startedAt,
      can: ABILITIES,
      ...this.with_.updater?.hello(),
      ...(address === null ? {} : { address }),
    });
  }

  private hear(message: GatewayMessage): void {
    if (message.type === 'welcome') this.welcome(message);
    else if (message.type === 'event') this.queue(() => this.take(message));
    else if (message.type === 'gateways') this.gateways(message.gateways);
    else if (message.type === 'recorded') this.queue(() => this.forget(message.event));
    else if (message.type === 'logs') this.logs.ask(message);
    else if (message.type === 'update') this.with_.updater?.wanted(message.release);
    else this.logs.leave(message.request);
  }

  /** One after the other: acknowledgements must be in the order of the journal. */
  private queue(work: () => Promise<void>): void {
    this.incoming = this.incoming.then(work).catch((error: unknown) => {
      // not in the journal, so not acknowledged: it comes again over the next connection
      this.with_.log.error('cannot take in what the gateway sent', { error: String(error) });
      this.connection?.cut();
    });
  }

  private welcome(welcome: Welcome): void {
    this.welcomed = true;
    this.connectedAt = timestamp(this.with_.clock.now());
    this.with_.updater?.welcomed();
    const { memory, journal } = this.with_;
    this.queue(() => memory.learn({ lastSession: welcome.session, gateways: welcome.gateways }));
    for (const { result, recorded } of journal.entries()) if (result !== null && !recorded) this.tell(result);
    void this.heartbeat(seconds(welcome.heartbeatSeconds));
  }

  private gateways(gateways: readonly string[]): void {
    const { memory } = this.with_;
    this.queue(() => memory.learn({ lastSession: memory.known.lastSession, gateways }));
  }

  private async take(order: EventOrder): Promise<void> {
    const { journal, snapshots, runner } = this.with_;
    const old = order.revision < journal.cursor() || journal.get(order.name) !== null;
    if (!old) {
      await journal.append({ record: 'event', order: withoutDiff(order) });
      await snapshots.offer(order);
    }
    this.connection?.send({ type: 'ack', revision: journal.cursor() });
    runner.wake();
  }

  private async forget(event: string): Promise<void> {
    const { journal } = this.with_;
    if (journal.get(event)?.state === 'finished') await journal.append({ record: 'recorded', event });
  }

  private async heartbeat(every: Millis): Promise<void> {
    const { clock, measure, runner, log } = this.with_;
    if (clock.monotonic() - this.lastAlive > every * PATIENCE) {
      log.warn('the gateway is silent: looking for another');
      this.connection?.cut();
      return;
    }
    const measured = await measure();
    if (this.over) return;
    this.sequence += 1;
    const running = runner.running();
    this.heartbeatAt = timestamp(clock.now());
    this.connection?.send({
      type: 'report',
      sequence: this.sequence,
      ...measured,
      ...(running === '' ? {} : { running }),
    });
    this.timer = clock.after(every, () => {
      void this.heartbeat(every);
    });
  }
}

/** Everything else of it goes into the journal, so that it can be carried out after a crash as it was told. */
const withoutDiff = (message: EventOrder): Order => {
  const order: Partial<EventOrder> & Order = { ...message };
  delete order.type;
  delete order.diff;
  return order;
};
