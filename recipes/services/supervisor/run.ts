/** One run of a service, from its first command to its last process. */
import { readFileSync } from 'node:fs';
import { millis, type Millis } from '../../../api-types/units.js';
import { outcomeOf, endText } from './ending.js';
import { launch, type End, type Launched, type RunContext } from './launch.js';
import { lives, membersOf, memoryOf, processOf, signal, type Known, type Process } from './processes.js';
import type { Readiness } from './notify.js';
import type { UnitCommand } from './command-line.js';
import { removePassing } from './prepare.js';
import type { Step, Unit } from './unit.js';

/** Time, as the composition root gives it. */
export interface RunClock {
  monotonic(): Millis;
  after(delay: Millis, fn: () => void): { cancel(): void };
  sleep(delay: Millis, signal?: AbortSignal): Promise<void>;
}

/** One that ends so soon after its start was never up. */
const SETTLE = millis(400);
/** Where nothing hears READY=1. */
const SETTLE_UNHEARD = millis(1_000);
const POLL = millis(40);
const WATCH = millis(250);
/** After SIGKILL only the kernel can hold a process. */
const KILLED_WITHIN = millis(5_000);

interface Main {
  readonly process: Process;
  readonly ended: Promise<End>;
}

/** One that nobody has seen alive, and that no other one can be taken for. */
const endedProcess = (pid: number): Process => ({ pid, parent: 0, session: pid, started: 'ended' });

const UNKNOWN: End = { code: null, signal: null };

/** A timer that does not fire for ever: longer ones would overflow. */
const LONGEST = 2_147_483_647;

export class ServiceRun {
  private main: Main | null = null;
  /** Leaders of those that the service's commands began and that somebody may still be in. */
  private sessions: readonly Known[] = [];
  private cancelled = new AbortController();

  constructor(
    private readonly context: RunContext,
    private readonly readiness: Readiness | null,
    private readonly clock: RunClock,
  ) {}

  mainPid(): number | null {
    return this.main?.process.pid ?? null;
  }

  /** Resolves when the main process has ended; never for a run without one. */
  mainEnded(): Promise<End> {
    return this.main?.ended ?? new Promise<never>(() => undefined);
  }

  /** Resolves when the service is up, with false when it has already ended as it should; rejects, for people. */
  async bringUp(): Promise<boolean> {
    const { unit } = this.context;
    const until = this.deadline(unit.startMillis);
    await this.steps('StartPre', until);
    const isUp = await this.startMain(until);
    await this.steps('StartPost', until);
    return isUp;
  }

  /** `unit`: as its files are now, which may have changed since the start. */
  async reload(unit: Unit): Promise<void> {
    const main = this.main?.process;
    if (unit.reloadSignal !== null && main !== undefined) signal([main], unit.reloadSignal);
    const deadline = this.deadline(unit.startMillis);
    for (const command of unit.commands.Reload) await this.toEnd('Reload', command, deadline);
  }

  /** Ends all of it: by its own commands while the main process lives, then by signals. */
  async bringDown(): Promise<void> {
    const { unit } = this.context;
    this.cancelled = new AbortController();
    const until = this.deadline(unit.stopMillis);
    if (this.main !== null && lives(this.main.process)) await this.tolerant('Stop', until);
    await this.end(until);
    await this.tolerant('StopPost', this.deadline(unit.stopMillis));
    // what the last commands left behind
    if (unit.killMode === 'control-group' || unit.killMode === 'mixed') signal(this.members(), 'SIGKILL');
    removePassing(unit);
  }

  /** What holds more memory than its unit allows is killed, which its main process then tells of; gives what it holds, or null. */
  killOversized(most: number): number | null {
    const members = this.members();
    const held = memoryOf(members);
    if (held <= most) return null;
    signal(members, 'SIGKILL');
    return held;
  }

  /** A start that still waits for something ends at once, as failed. */
  cancel(): void {
    this.cancelled.abort();
  }

  /** Forgets the sessions that nobody is left in. */
  private members(): readonly Process[] {
    const traces = { main: this.main?.process ?? null, sessions: this.sessions };
    const { members, sessions } = membersOf(this.context.mark, traces);
    this.sessions = sessions;
    return members;
  }

  private deadline(within: number): number {
    return this.clock.monotonic() + within;
  }

  /** True when it held in time. */
  private async until(deadline: number, holds: () => boolean): Promise<boolean> {
    while (!holds()) {
      if (this.clock.monotonic() >= deadline) return false;
      await this.clock.sleep(POLL);
    }
    return true;
  }

  private async within<A>(deadline: number, work: Promise<A>): Promise<A | 'late'> {
    const left = Math.min(LONGEST, Math.max(0, deadline - this.clock.monotonic()));
    const stop = new AbortController();
    const signals = AbortSignal.any([stop.signal, this.cancelled.signal]);
    const late = this.clock.sleep(millis(left), signals).then(() => 'late' as const);
    const first = await Promise.race([work, late]);
    stop.abort();
    return first;
  }

  private async launch(command: UnitCommand): Promise<Launched> {
    const launched = await launch(command, this.context, this.mainPid());
    this.sessions = [...this.sessions, processOf(launched.pid) ?? endedProcess(launched.pid)];
    return launched;
  }

  private lateText(usual: string): string {
    return this.cancelled.signal.aborted ? 'it was stopped meanwhile' : usual;
  }

  private failure(what: string, shown: string, how: string): Error {
    const said = this.context.log.last();
    return new Error(
      `${this.context.unit.name}: ${what} "${shown}": ${how}; ${said === '' ? 'it said nothing' : `it said last:\n${said}`}`,
    );
  }

  private async toEnd(step: Step, command: UnitCommand, deadline: number): Promise<void> {
    const launched = await this.launch(command);
    const end = await this.within(deadline, launched.ended);
    const left = this.members();
    if (end === 'late') {
      signal(
        left.filter(({ session, pid }) => session === launched.pid || pid === launched.pid),
        'SIGKILL',
      );
      const how = this.lateText('it did not end in time and was killed');
      throw this.failure(`Exec${step}`, launched.shown, how);
    }
    if (outcomeOf(this.context.unit, end) === 'clean' || command.mayFail) return;
    throw this.failure(`Exec${step}`, launched.shown, endText(end));
  }

  private async steps(step: Step, deadline: number): Promise<void> {
    for (const command of this.context.unit.commands[step]) await this.toEnd(step, command, deadline);
  }

  /** The commands of an end: one that fails keeps nothing from ending. */
  private async tolerant(step: Step, deadline: number): Promise<void> {
    try {
      await this.steps(step, deadline);
    } catch (error) {
      this.context.log.write(Buffer.from(`${(error as Error).message}\n`));
    }
  }

  private async startMain(deadline: number): Promise<boolean> {
    const { unit } = this.context;
    if (unit.type === 'oneshot') {
      await this.steps('Start', deadline);
      return unit.remains;
    }
    const [command] = unit.commands.Start;
    if (command === undefined) throw new Error(`${unit.name}: its unit has no ExecStart`);
    return unit.type === 'forking'
      ? this.startForking(command, deadline)
      : this.startDirect(command, deadline);
  }

  private async startDirect(command: UnitCommand, deadline: number): Promise<boolean> {
    const launched = await this.launch(command);
    const { pid, ended, shown } = launched;
    this.main = { process: processOf(pid) ?? endedProcess(pid), ended };
    const end = await this.within(deadline, Promise.race([ended, this.isUp()]));
    if (end === 'up') {
      this.followMain();
      return true;
    }
    if (end === 'late') throw this.failure('ExecStart', shown, this.lateText('it was not ready in time'));
    const asItShould = this.context.unit.type !== 'notify' && outcomeOf(this.context.unit, end) === 'clean';
    if (asItShould || command.mayFail) return false;
    throw this.failure('ExecStart', shown, endText(end));
  }

  private async isUp(): Promise<'up'> {
    if (this.context.unit.type !== 'notify') await this.clock.sleep(SETTLE);
    else if (this.readiness === null) await this.clock.sleep(SETTLE_UNHEARD);
    else await this.readiness.ready;
    return 'up';
  }

  /** The service may have named another process than the one that was started. */
  private followMain(): void {
    const named = this.readiness?.mainPid() ?? null;
    const found = named === null || named === this.mainPid() ? null : processOf(named);
    if (found !== null) this.main = { process: found, ended: this.gone(found) };
  }

  private async startForking(command: UnitCommand, deadline: number): Promise<boolean> {
    await this.toEnd('Start', command, deadline);
    const main = await this.findMain(deadline);
    if (typeof main === 'string') throw this.failure('ExecStart', command.words.join(' '), main);
    this.main = { process: main, ended: this.gone(main) };
    return true;
  }

  /** The process that it left behind as its main one; why there is none, for people. */
  private async findMain(deadline: number): Promise<Process | string> {
    const { pidFile } = this.context.unit;
    for (;;) {
      const main = pidFile === null ? this.eldest() : this.fromPidFile(pidFile);
      if (main !== null) return main;
      if (this.members().length === 0) return 'it left no process';
      if (this.clock.monotonic() >= deadline || this.cancelled.signal.aborted)
        return this.lateText(`its PID file ${pidFile ?? ''} names no process`);
      await this.clock.sleep(POLL);
    }
  }

  private eldest(): Process | null {
    const members = this.members();
    const pids = new Set(members.map(({ pid }) => pid));
    const [first] = members
      .filter(({ parent }) => !pids.has(parent))
      .sort((one, other) => Number(one.started) - Number(other.started));
    return first ?? null;
  }

  private fromPidFile(path: string): Process | null {
    try {
      const pid = Number(readFileSync(path, 'utf8').trim());
      return Number.isInteger(pid) && pid > 1 ? processOf(pid) : null;
    } catch {
      return null;
    }
  }

  /** It is no child of ours: its end can only be seen. */
  private async gone(main: Process): Promise<End> {
    while (lives(main)) await this.clock.sleep(WATCH);
    return UNKNOWN;
  }

  private async end(deadline: number): Promise<void> {
    const { killMode, killSignal, killsAtLast } = this.context.unit;
    if (killMode === 'none') return;
    const mainOnly = (): readonly Process[] =>
      this.main !== null && lives(this.main.process) ? [this.main.process] : [];
    const gentle = killMode === 'control-group' ? () => this.members() : mainOnly;
    signal(gentle(), killSignal);
    const ended = await this.until(deadline, () => gentle().length === 0);
    if (killMode === 'process' && ended) return;
    if (!ended && !killsAtLast) return;
    const all = killMode === 'process' ? mainOnly : () => this.members();
    await this.until(this.deadline(KILLED_WITHIN), () => {
      const left = all();
      signal(left, 'SIGKILL');
      return left.length === 0;
    });
  }
}
