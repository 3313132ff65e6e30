/** One service: its present run, and what happens when that ends. One thing is done to it at a time. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { millis } from '../../../api-types/units.js';
import { serviceUser } from './accounts.js';
import { endText, outcomeOf, restarts, type Outcome } from './ending.js';
import type { End, RunContext } from './launch.js';
import { listenForReady, type Readiness } from './notify.js';
import { makeDirectories } from './prepare.js';
import { ServiceRun, type RunClock } from './run.js';
import type { ServiceLog } from './service-log.js';
import type { Unit } from './unit.js';

/** `waiting`: it ended and is started again in a moment. */
export type Phase = 'inactive' | 'starting' | 'running' | 'stopping' | 'waiting' | 'failed';

export interface ServiceAround {
  readonly clock: RunClock;
  readonly log: ServiceLog;
  /** Where sockets of `Type=notify` services are. */
  readonly notifyFolder: string;
  /** Variables that every service of the host has. */
  readonly variables: Readonly<Record<string, string>>;
  /** Makes what services of the host find before they start. */
  prepare(): Promise<void>;
  /** The unit as its files are now; throws, for people, when there is none. */
  load(): Unit;
}

const MEMORY_LOOK = millis(2_000);
const MIB = 1024 * 1024;

const overText = (held: number, most: number): string =>
  `it held ${String(Math.ceil(held / MIB))} MiB of memory, more than the ${String(Math.floor(most / MIB))} MiB of its MemoryMax, and was killed\n`;

const NO_END: End = { code: null, signal: null };

let runs = 0;

export class Service {
  phase: Phase = 'inactive';
  /** For people: why it does not run. */
  result: string | null = null;
  private run: ServiceRun | null = null;
  private unit: Unit | null = null;
  private turn: Promise<unknown> = Promise.resolve();
  private restart: { cancel(): void } | null = null;
  /** When it was started without being asked to. */
  private restarted: readonly number[] = [];

  constructor(
    private readonly name: string,
    private readonly around: ServiceAround,
  ) {}

  mainPid(): number | null {
    return this.phase === 'running' ? (this.run?.mainPid() ?? null) : null;
  }

  start(): Promise<void> {
    return this.inTurn(() => {
      this.restarted = [];
      return this.begin();
    });
  }

  /** A start that goes on is cut short. */
  stop(): Promise<void> {
    if (this.phase === 'starting') this.run?.cancel();
    return this.inTurn(() => this.halt());
  }

  again(): Promise<void> {
    return this.inTurn(async () => {
      this.restarted = [];
      await this.halt();
      await this.begin();
    });
  }

  reload(): Promise<void> {
    return this.inTurn(async () => {
      if (this.phase !== 'running' || this.run === null) throw new Error(`${this.name} does not run`);
      const unit = this.around.load();
      if (unit.commands.Reload.length === 0 && unit.reloadSignal === null)
        throw new Error(`${this.name} cannot be reloaded: its unit has no ExecReload`);
      await this.run.reload(unit);
    });
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.turn.then(work);
    this.turn = mine.catch(() => undefined);
    return mine;
  }

  private async begin(): Promise<void> {
    if (this.phase === 'running') return;
    this.restart?.cancel();
    const unit = this.around.load();
    this.unit = unit;
    const unmet = unit.conditions.find(({ path, holds }) => existsSync(path) !== holds);
    if (unmet !== undefined) {
      this.phase = 'inactive';
      this.result = `it is not started as long as ${unmet.path} is ${unmet.holds ? 'not there' : 'there'} (ConditionPathExists)`;
      return;
    }
    this.phase = 'starting';
    this.result = null;
    try {
      await this.bringUp(unit);
    } catch (error) {
      await this.failed(unit, error as Error);
      throw error;
    }
  }

  private async bringUp(unit: Unit): Promise<void> {
    const { clock, log } = this.around;
    log.begin();
    await this.around.prepare();
    const user = await serviceUser(unit);
    const readiness = await this.readiness(unit, user?.uid ?? 0);
    const given = {
      ...this.around.variables,
      ...makeDirectories(unit, user),
      ...(readiness === null ? {} : { NOTIFY_SOCKET: readiness.socket }),
    };
    const context: RunContext = { unit, user, mark: this.mark(), log, given };
    const run = new ServiceRun(context, readiness, clock);
    this.run = run;
    try {
      const isUp = await run.bringUp();
      this.phase = isUp ? 'running' : 'inactive';
      if (isUp) {
        void run.mainEnded().then((end) => this.inTurn(() => this.ended(run, end)));
        this.watchMemory(run, unit.memoryMax);
      } else if (unit.type !== 'oneshot') await this.over(unit, run, await run.mainEnded());
    } finally {
      readiness?.end();
    }
  }

  /** There are no cgroups here to hold it: somebody has to look. */
  private watchMemory(run: ServiceRun, most: number | null): void {
    if (most === null) return;
    this.around.clock.after(MEMORY_LOOK, () => {
      if (this.run !== run || this.phase !== 'running') return;
      const held = run.killOversized(most);
      if (held === null) this.watchMemory(run, most);
      else this.around.log.write(Buffer.from(overText(held, most)));
    });
  }

  private readiness(unit: Unit, uid: number): Promise<Readiness | null> {
    return unit.type === 'notify'
      ? listenForReady(this.around.notifyFolder, this.name, uid)
      : Promise.resolve(null);
  }

  private mark(): string {
    runs += 1;
    const seed = [this.name, process.pid, runs, this.around.clock.monotonic()].join(' ');
    return createHash('sha256').update(seed).digest('hex').slice(0, 32);
  }

  private async failed(unit: Unit, error: Error): Promise<void> {
    this.result = error.message;
    await this.run?.bringDown();
    this.run = null;
    this.phase = 'failed';
    this.maybeRestart(unit, 'exit-code', NO_END);
  }

  /** The main process of the present run ended by itself. */
  private async ended(run: ServiceRun, end: End): Promise<void> {
    if (this.run !== run || this.phase !== 'running' || this.unit === null) return;
    await this.over(this.unit, run, end);
  }

  private async over(unit: Unit, run: ServiceRun, end: End): Promise<void> {
    const outcome = outcomeOf(unit, end);
    const said = this.around.log.last();
    this.result = `it ended by itself: ${endText(end)}${said === '' ? '' : `; it said last:\n${said}`}`;
    this.phase = 'stopping';
    await run.bringDown();
    this.run = null;
    this.phase = outcome === 'clean' ? 'inactive' : 'failed';
    this.maybeRestart(unit, outcome, end);
  }

  private maybeRestart(unit: Unit, outcome: Outcome, end: End): void {
    if (!restarts(unit, outcome, end)) return;
    const { clock } = this.around;
    const { withinMillis, most } = unit.startLimit;
    const since = clock.monotonic() - withinMillis;
    this.restarted = this.restarted.filter((at) => at >= since);
    if (withinMillis > 0 && this.restarted.length >= most) {
      this.phase = 'failed';
      this.result = `it was started ${String(most + 1)} times within ${String(withinMillis / 1000)} s and is left alone; ${this.result ?? ''}`;
      return;
    }
    this.phase = 'waiting';
    this.restart = clock.after(millis(unit.restartMillis), () => {
      void this.inTurn(async () => {
        if (this.phase !== 'waiting') return;
        this.restarted = [...this.restarted, clock.monotonic()];
        // why it failed is its result
        await this.begin().catch(() => undefined);
      });
    });
  }

  private async halt(): Promise<void> {
    this.restart?.cancel();
    this.restart = null;
    const { run } = this;
    this.run = null;
    if (run !== null) {
      this.phase = 'stopping';
      await run.bringDown();
    }
    this.phase = 'inactive';
    this.result = null;
  }
}
