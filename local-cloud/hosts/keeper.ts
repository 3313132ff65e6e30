/**
 * Brings the hosts of one directory to what the endpoint says of their machines, one machine at a time: running ones
 * have an agent, stopped ones none, terminated ones no directory either; one whose agent ended by itself is reported.
 */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { isDeepStrictEqual } from 'node:util';
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import { settled, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { isAlive } from '../../runtime/process-identity.js';
import { agentConfigIn } from './cloud-config.js';
import type { HostDriver, RunningAgent } from './driver.js';
import { entryOf, hostDirectory, rootOf } from './host-file.js';
import type { HostEntry, HostFile } from './host-file.js';
import type { HostRecords } from './records.js';
import type { Sighting } from './sightings.js';

export interface KeeperDependencies {
  readonly driver: HostDriver;
  readonly records: HostRecords;
  readonly directory: string;
  readonly log: Log;
  /** The machine's user data; null when it has none. */
  userData(machine: string): TaskEither<Failure, string | null>;
  /** Tells the endpoint that the machine died. */
  report(machine: string): TaskEither<Failure, void>;
  /** Asks for a run of this machine. */
  wake(machine: string): void;
}

export interface Keeper {
  /** Takes note; the machines are to be looked at. */
  saw(sightings: readonly Sighting[]): void;
  known(): readonly string[];
  reconcile(machine: string): TaskEither<Failure, Outcome>;
  list(): readonly HostEntry[];
  tidy(): void;
  /** Ends all agents without reporting them dead. */
  stopAll(): Promise<void>;
  /** Lets all agents go on, watched by no one. */
  leave(): void;
}

interface Host {
  file: HostFile;
  agent: RunningAgent | null;
}

type Done = E.Either<Failure, Outcome>;

const SETTLED: Done = E.right(settled);

class HostKeeper implements Keeper {
  private readonly seen = new Map<string, Sighting>();
  private readonly hosts = new Map<string, Host>();
  /** Machines without an agent's configuration: not ours. */
  private readonly strangers = new Set<string>();
  private closing = false;

  constructor(private readonly with_: KeeperDependencies) {
    this.takeOver();
  }

  saw(sightings: readonly Sighting[]): void {
    for (const sighting of sightings) {
      if (isDeepStrictEqual(this.seen.get(sighting.id), sighting)) continue;
      this.seen.set(sighting.id, sighting);
      if (!this.strangers.has(sighting.id)) this.with_.wake(sighting.id);
    }
  }

  known(): readonly string[] {
    return [...this.hosts.keys()];
  }

  list(): readonly HostEntry[] {
    return [...this.hosts.values()].map(({ file }) => entryOf(this.with_.directory, file));
  }

  tidy(): void {
    this.with_.driver.tidy(this.known().map((machine) => hostDirectory(this.with_.directory, machine)));
  }

  async stopAll(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.hosts.values()].map((host) => this.end(host)));
  }

  leave(): void {
    this.closing = true;
    this.with_.driver.leave();
  }

  reconcile(machine: string): TaskEither<Failure, Outcome> {
    return async () => {
      const sighting = this.seen.get(machine);
      if (sighting === undefined || this.closing) return SETTLED;
      switch (sighting.state) {
        case 'pending':
          return SETTLED;
        case 'running':
          return this.run(sighting);
        case 'stopping':
        case 'stopped':
          return this.halt(machine);
        default:
          return this.discard(machine);
      }
    };
  }

  /** Hosts of an earlier run of the driver: those that live go on, the others wait for the endpoint's word. */
  private takeOver(): void {
    const { directory, driver, records } = this.with_;
    const survivors = driver.survivors(directory);
    for (const file of records.all()) {
      const known = file.process !== null && isAlive(file.process) ? file.process : null;
      const process = known ?? survivors.get(file.machine) ?? null;
      const host: Host = { file: { ...file, process }, agent: null };
      this.hosts.set(file.machine, host);
      if (process !== null) this.watch(host, driver.adopt(process, rootOf(directory, file.machine)));
    }
  }

  private save(host: Host, change: Partial<HostFile>): void {
    host.file = { ...host.file, ...change };
    this.with_.records.save(host.file);
  }

  /** An agent that ends while it is the host's present one has died by itself. */
  private watch(host: Host, agent: RunningAgent): void {
    host.agent = agent;
    void agent.done.then(() => {
      if (host.agent !== agent) return;
      host.agent = null;
      if (this.closing || this.hosts.get(host.file.machine) !== host) return;
      this.with_.log.warn('an agent ended by itself: its machine is reported dead', {
        machine: host.file.machine,
      });
      this.save(host, { dead: true, process: null });
      this.with_.wake(host.file.machine);
    });
  }

  /** Ends the host's agent; that is no death. */
  private async end(host: Host): Promise<void> {
    const { agent } = host;
    if (agent === null) return this.with_.driver.clear(rootOf(this.with_.directory, host.file.machine));
    host.agent = null;
    await agent.stop();
    this.save(host, { process: null });
  }

  private isClosing(): boolean {
    return this.closing;
  }

  private async halt(machine: string): Promise<Done> {
    const host = this.hosts.get(machine);
    if (host !== undefined) await this.end(host);
    return SETTLED;
  }

  private async discard(machine: string): Promise<Done> {
    const host = this.hosts.get(machine);
    this.seen.delete(machine);
    if (host === undefined) return SETTLED;
    await this.end(host);
    this.hosts.delete(machine);
    this.with_.records.remove(machine);
    return SETTLED;
  }

  private async run(sighting: Sighting): Promise<Done> {
    const host = this.hosts.get(sighting.id);
    if (host === undefined) return this.create(sighting);
    if (host.file.dead) return this.reportDead(sighting.id);
    if (host.file.instance !== sighting.instance) this.save(host, { instance: sighting.instance });
    const rebooted = sighting.reboots > host.file.reboots;
    if (host.agent !== null && !rebooted) return SETTLED;
    await this.end(host);
    return this.bootAgain(host, sighting);
  }

  private async reportDead(machine: string): Promise<Done> {
    const reported = await this.with_.report(machine)();
    return E.isLeft(reported) ? reported : SETTLED;
  }

  private async configOf(sighting: Sighting): Promise<E.Either<Failure, AgentConfig | null>> {
    const userData =
      sighting.userData === undefined ? await this.with_.userData(sighting.id)() : E.right(sighting.userData);
    if (E.isLeft(userData)) return userData;
    return E.right(userData.right === null ? null : agentConfigIn(userData.right));
  }

  /** A machine without an agent's configuration is not ours: looked at once and left alone. */
  private async create(sighting: Sighting): Promise<Done> {
    const { driver, records } = this.with_;
    const config = await this.configOf(sighting);
    if (E.isLeft(config)) return config;
    if (config.right === null) {
      this.strangers.add(sighting.id);
      return SETTLED;
    }
    const taken = (): ReadonlySet<string> =>
      new Set([...this.hosts.values()].map((host) => host.file.address));
    const file: HostFile = {
      machine: sighting.id,
      instance: sighting.instance,
      address: driver.address(sighting, taken),
      process: null,
      reboots: sighting.reboots,
      dead: false,
    };
    const host: Host = { file, agent: null };
    this.hosts.set(sighting.id, host);
    records.save(file);
    return this.boot(host, config.right);
  }

  private async bootAgain(host: Host, sighting: Sighting): Promise<Done> {
    const config = await this.configOf(sighting);
    if (E.isLeft(config)) return config;
    this.save(host, { reboots: sighting.reboots });
    return config.right === null ? SETTLED : this.boot(host, config.right);
  }

  private async boot(host: Host, config: AgentConfig): Promise<Done> {
    const { directory, driver, log } = this.with_;
    const { machine, address } = host.file;
    const root = rootOf(directory, machine);
    if (this.closing) return SETTLED;
    const agent = await driver.boot({
      machine,
      address,
      root,
      directory: hostDirectory(directory, machine),
      config,
    });
    this.watch(host, agent);
    this.save(host, { process: agent.identity });
    if (this.isClosing()) await this.end(host);
    log.info('an agent boots', { machine, address, pid: agent.identity?.pid });
    return SETTLED;
  }
}

/** A keeper that has taken over what an earlier run left. */
export const hostKeeper = (dependencies: KeeperDependencies): Keeper => new HostKeeper(dependencies);
