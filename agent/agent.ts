/**
 * The daemon on a host: enrols, keeps one connection to some gateway, carries out events in order, and goes on
 * carrying out what it was told when there is no gateway.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentConfig, CLOSE } from '../api-types/agent-protocol.js';
import { millis, seconds, type Millis } from '../api-types/units.js';
import type { Chance } from '../runtime/chance.js';
import { type Clock, timestamp } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';
import { type BackOff, delayAfter, LEAVING, RECONNECT, REFUSED } from './back-off.js';
import type { Ending } from './connection.js';
import { openDiskJournal } from './disk-journal.js';
import type { Executor, ExecutorSources } from './executor.js';
import type { HostLog } from './host-log.js';
import type { Journal } from './journal.js';
import type { AskedAgent, DaemonState } from './local/door.js';
import { type Measure, measureHost } from './measure.js';
import { type Memory, openDiskMemory } from './memory.js';
import { enrol, type Credential, type Enrolment, fetchSnapshot, type Route } from './requests.js';
import { Runner } from './runner.js';
import { Session } from './session.js';
import { sourcesOver } from './sources.js';
import { openDiskSnapshots, type Snapshots } from './snapshots.js';
import type { Home } from './update/home.js';
import { Updater } from './update/updater.js';

/** `released`: the control plane has no slot for this machine any more; `updated`: the next start is another build. */
export type AgentEnding = 'released' | 'stopped' | 'updated';

export interface Agent {
  readonly done: Promise<AgentEnding>;
  /** For root on the host. */
  readonly asked: AskedAgent;
  /** Leaves what runs unfinished; it runs again after the next start. */
  stop(): Promise<void>;
}

/** Where an agent keeps its things. */
export interface AgentState {
  readonly memory: Memory;
  readonly journal: Journal;
  readonly snapshots: Snapshots;
  /** The folder of unpacked cookbooks; none: it is given none. */
  readonly packs?: string;
  /** The folder of unpacked code of applications; none: it is given none. */
  readonly artifacts?: string;
}

export interface AgentDependencies {
  readonly machine: string;
  readonly config: AgentConfig;
  readonly state: AgentState;
  /** Made once, with what it may fetch. */
  readonly executor: (sources: ExecutorSources) => Executor;
  readonly measure: Measure;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** What gateways are shown of it; null: it is kept nowhere. */
  readonly hostLog: HostLog | null;
  readonly version: string;
  /** Where the agent was installed as a file of its own; none: it never updates. */
  readonly home?: Home | null;
  /** The address to connect from; null: the system chooses. */
  readonly localAddress: string | null;
  /** Told to the gateway as the host's address when it is not the one it connects from. */
  readonly address: string | null;
}

/** For a busy gateway, when there is no other. */
const PATIENCE = seconds(30);
const PATIENCE_OF_CHOICE = seconds(10);

type Who = NonNullable<Memory['known']['identity']>;

class Daemon implements Agent {
  readonly done: Promise<AgentEnding>;
  private readonly stopping = new AbortController();
  private readonly runner: Runner;
  private session: Session | null = null;
  private gateway = '';
  private turn: number;
  private failures = 0;
  private readonly startedAt: string;
  private readonly updater: Updater | null;
  private updated = false;

  constructor(private readonly with_: AgentDependencies) {
    const { state, chance, clock } = with_;
    this.startedAt = timestamp(clock.now());
    this.runner = new Runner({
      ...with_,
      executor: with_.executor(this.sources()),
      journal: state.journal,
      instance: () => state.memory.known.identity?.instance ?? '',
      snapshot: (digest) => state.snapshots.get(digest, (wanted) => this.fetch(wanted)),
      finished: (result) => this.session?.tell(result),
    });
    this.updater = this.updaterOf(with_);
    this.turn = Math.floor(chance.number() * 1_000);
    this.runner.wake(); // what was told before the restart needs no gateway
    this.done = this.live();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.session?.end();
    await this.done;
  }

  readonly asked: AskedAgent = {
    state: () => this.state(),
    entry: (event) => this.with_.state.journal.get(event),
    rerun: (event) => this.runner.rerun(event),
  };

  private state(): DaemonState {
    const { machine, version, home } = this.with_;
    const { session, startedAt } = this;
    return {
      machine,
      version,
      build: home?.build ?? null,
      startedAt,
      gateway: session?.welcomed === true ? this.gateway : null,
      connectedAt: session?.connectedAt ?? null,
      heartbeatAt: session?.heartbeatAt ?? null,
      running: this.runner.running(),
    };
  }

  private async live(): Promise<AgentEnding> {
    let released = false;
    while (!this.stopping.signal.aborted && !released) {
      const who = this.with_.state.memory.known.identity;
      if (who === null) await this.enrolOnce();
      else released = await this.connectOnce(who);
    }
    await this.runner.stop();
    await this.with_.state.journal.close();
    if (released) return 'released';
    return this.updated ? 'updated' : 'stopped';
  }

  private updaterOf({ home = null, ...more }: AgentDependencies): Updater | null {
    if (home === null) return null;
    return new Updater({
      ...more,
      home,
      route: (attempt) => this.route(attempt),
      idle: () => this.runner.running() === '',
      restart: () => {
        this.updated = true;
        void this.stop();
      },
      stopping: this.stopping.signal,
    });
  }

  /** All that are known; the one that the last welcome came from is first. */
  private gateways(): readonly string[] {
    return [...new Set([...this.with_.state.memory.known.gateways, ...this.with_.config.gateways])];
  }

  /** `further`: not the gateway whose turn it is but one after it. */
  private route(further = 0): Route {
    const gateways = this.gateways();
    const patience = gateways.length > 1 ? PATIENCE_OF_CHOICE : PATIENCE;
    const gateway = gateways[(this.turn + further) % gateways.length] ?? '';
    const { localAddress, config } = this.with_;
    return { gateway, localAddress, patience, authority: config.ca ?? null };
  }

  /** A gateway that went silent is tried last: it may be stopped, and would still take the connection. */
  private elsewhere(): void {
    this.turn = Math.floor(this.with_.chance.number() * (this.gateways().length - 1));
  }

  private async enrolOnce(): Promise<void> {
    const { config, machine, state, log, clock, chance } = this.with_;
    const { cluster, role, batch, token } = config;
    const route = this.route();
    const enrolment = await enrol(route, { cluster, role, batch, token, machine }).catch(unreachable);
    if (enrolment._tag === 'Enrolled') {
      await state.memory.learn({ identity: enrolment.answer });
      log.info('enrolled', { instance: enrolment.answer.instance, gateway: route.gateway });
      this.failures = 0;
    } else if (enrolment._tag === 'NotYet') {
      const wait = enrolment.afterSeconds * 1000 * (0.5 + chance.number() / 2);
      await clock.sleep(millis(wait), this.stopping.signal);
    } else {
      const { status, message } = enrolment;
      log.warn('enrolment failed', { gateway: route.gateway, status, why: message });
      await this.pause(enrolment.status === 0 ? RECONNECT : REFUSED);
    }
  }

  private async connectOnce({ credential }: Who): Promise<boolean> {
    const { log, state } = this.with_;
    const route = this.route();
    const session = new Session({
      ...this.with_,
      ...state,
      runner: this.runner,
      updater: this.updater,
      startedAt: this.startedAt,
    });
    this.session = session;
    this.gateway = route.gateway;
    const ending = await session.run(route, credential);
    this.session = null;
    if (ending.code === CLOSE.released) return true;
    if (this.stopping.signal.aborted) return false;
    if (session.welcomed) {
      this.failures = 0;
      this.elsewhere();
    }
    log.info('not connected', { gateway: route.gateway, code: ending.code, why: ending.message });
    await this.pause(backOffOf(ending));
    return false;
  }

  private async pause(backOff: BackOff): Promise<void> {
    const delay: Millis = delayAfter(this.failures, backOff, this.with_.chance);
    this.failures += 1;
    this.turn += 1;
    await this.with_.clock.sleep(delay, this.stopping.signal);
  }

  private credential(): Credential {
    const { machine, identity } = this.with_.state.memory.known;
    return { machine, credential: identity?.credential ?? '' };
  }

  private fetch(digest: string): Promise<unknown> {
    return fetchSnapshot(this.route(), this.credential(), digest);
  }

  private sources(): ExecutorSources {
    const over = {
      ...this.with_,
      route: (attempt: number) => this.route(attempt),
      credential: () => this.credential(),
      signal: this.stopping.signal,
    };
    return sourcesOver(over, this.with_.state);
  }
}

const unreachable = (error: unknown): Enrolment => ({
  _tag: 'Refused',
  status: 0,
  message: error instanceof Error ? error.message : String(error),
});

const backOffOf = ({ code }: Ending): BackOff => {
  if (code === CLOSE.leaving) return LEAVING;
  // another process is this machine too: whoever it is, taking turns with it helps nobody
  return code === CLOSE.replaced || code === 401 || code === 403 ? REFUSED : RECONNECT;
};

/** An agent on state of its own choosing; never rejects: it tries until it is released or stopped. */
export const runAgent = (dependencies: AgentDependencies): Agent => new Daemon(dependencies);

export interface StartAgent extends Omit<
  AgentDependencies,
  'state' | 'measure' | 'localAddress' | 'address'
> {
  /** The host's root: `/`, or the directory of a process host. */
  readonly root: string;
  /** The address to connect from; null: the system chooses. */
  readonly address: string | null;
  /** Where others reach the host, when that is not the address that gateways see. */
  readonly announced?: string;
}

/** The agent of a real host: its journal, credential and snapshots are below `<root>/var/lib/scalarium/`. */
export const startAgent = async ({ root, address, announced, ...rest }: StartAgent): Promise<Agent> => {
  const folder = join(root, 'var/lib/scalarium');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const state = {
    memory: await openDiskMemory(join(folder, 'agent.json'), rest.machine),
    journal: await openDiskJournal(join(folder, 'journal')),
    snapshots: await openDiskSnapshots(join(folder, 'snapshots')),
    packs: join(folder, 'packs'),
    artifacts: join(folder, 'artifacts'),
  };
  return runAgent({
    ...rest,
    state,
    measure: measureHost(root),
    localAddress: address,
    address: announced ?? null,
  });
};
