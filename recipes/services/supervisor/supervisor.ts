/** Services of a host without systemd, by its unit files: the operations that agents and people ask for. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { parsePasswd } from '../../accounts/passwd.js';
import type { ServiceManager, ServiceState } from '../service-manager.js';
import { isFolderUnit, unitBelow } from './folder-unit.js';
import { makeRunDirectories } from './prepare.js';
import { Service, type Phase, type ServiceAround } from './service.js';
import type { RunClock } from './run.js';
import { serviceLog } from './service-log.js';
import { unitFolder, type Lookup, type UnitFolder } from './unit-folder.js';
import type { Unit } from './unit.js';

export interface SupervisorOptions {
  readonly clock: RunClock;
  /** For what it tells by itself. */
  readonly log: { warn(message: string, keys: Readonly<Record<string, unknown>>): void };
  /** Of the services' output. */
  readonly logFolder: string;
  readonly notifyFolder: string;
  /** The host is a folder and not this machine: only its applications are run. */
  readonly folder?: FolderHost;
}

export interface FolderHost {
  readonly root: string;
  /** Variables that tell its services where they are. */
  readonly variables: Readonly<Record<string, string>>;
}

/** One service, for people. */
export interface ServiceLine {
  readonly name: string;
  readonly phase: Phase;
  readonly pid: number | null;
  readonly result: string | null;
}

export interface Supervisor extends ServiceManager {
  list(): readonly ServiceLine[];
  /** Starts every enabled service, those first that others name in `After=`; `resolves` when all were tried. */
  boot(): Promise<void>;
  /** Stops all of them. */
  shutdown(): Promise<void>;
}

const MASKED = 'it is masked: somebody has forbidden to start it';

const homeOf = (user: string): string => {
  try {
    const entries = parsePasswd(readFileSync('/etc/passwd', 'utf8'));
    return entries.find(({ name }) => name === user)?.home ?? '/';
  } catch {
    return '/';
  }
};

class HostSupervisor implements Supervisor {
  private readonly services = new Map<string, Service>();
  private readonly units: UnitFolder;
  private closing = false;

  constructor(private readonly options: SupervisorOptions) {
    this.units = unitFolder(options.folder?.root ?? '/', { hostname: hostname(), homeOf });
  }

  state(name: string): Promise<ServiceState> {
    const found = this.find(name);
    if (found._tag === 'None') return Promise.resolve(this.unloaded(name));
    if (found._tag === 'Masked') return Promise.resolve({ ...this.unloaded(name), result: MASKED });
    const { phase = 'inactive', result = null } = this.services.get(found.unit.name) ?? {};
    const running = phase === 'running';
    return Promise.resolve({
      loaded: true,
      running,
      enabled: this.units.isEnabled(found.unit),
      ...(running || result === null ? {} : { result }),
    });
  }

  start(name: string): Promise<void> {
    return this.startWith(name, new Set());
  }

  async stop(name: string): Promise<void> {
    const found = this.find(name);
    await this.services.get(found._tag === 'Found' ? found.unit.name : name)?.stop();
  }

  restart(name: string): Promise<void> {
    return this.attempt(() => this.service(this.loaded(name).unit.name).again());
  }

  reload(name: string): Promise<void> {
    return this.attempt(() => this.service(this.loaded(name).unit.name).reload());
  }

  enable(name: string): Promise<void> {
    return this.attempt(() => {
      const { unit, file } = this.loaded(name);
      this.units.enable(unit, file);
      return Promise.resolve();
    });
  }

  disable(name: string): Promise<void> {
    return this.attempt(() => {
      const found = this.find(name);
      this.units.disable(found._tag === 'Found' ? found.unit.name : name);
      return Promise.resolve();
    });
  }

  /** Nothing is kept: files are read when they are needed. */
  readUnits(): Promise<void> {
    return Promise.resolve();
  }

  list(): readonly ServiceLine[] {
    return [...this.services].map(([name, service]) => ({
      name,
      phase: service.phase,
      pid: service.mainPid(),
      result: service.result,
    }));
  }

  async boot(): Promise<void> {
    const names = this.units.enabled().filter((name) => this.find(name)._tag !== 'None');
    const begun = new Map<string, Promise<void>>();
    const begin = (name: string, before: readonly string[]): Promise<void> => {
      const known = begun.get(name);
      if (known !== undefined) return known;
      const after = this.after(name).filter((other) => names.includes(other) && !before.includes(other));
      const mine = Promise.all(after.map((other) => begin(other, [...before, name]))).then(() =>
        this.startAtBoot(name),
      );
      begun.set(name, mine);
      return mine;
    };
    await Promise.all(names.map((name) => begin(name, [name])));
  }

  async shutdown(): Promise<void> {
    this.closing = true;
    await Promise.all([...this.services.values()].map((service) => service.stop()));
  }

  /** `begun`: those that this start is for, so that a circle ends. */
  private async startWith(name: string, begun: ReadonlySet<string>): Promise<void> {
    const { unit } = this.loaded(name);
    if (begun.has(unit.name)) return;
    const all = new Set([...begun, unit.name]);
    for (const other of unit.requires) await this.startWith(other, all);
    for (const other of unit.wants)
      if (this.find(other)._tag === 'Found') await this.startWith(other, all).catch(() => undefined);
    await this.service(unit.name).start();
  }

  private async attempt(work: () => Promise<void>): Promise<void> {
    await work();
  }

  private find(name: string): Lookup {
    const { folder } = this.options;
    if (folder === undefined) return this.units.find(name);
    const found: Lookup = isFolderUnit(name) ? this.units.find(name) : { _tag: 'None' };
    return found._tag === 'Found' ? { ...found, unit: unitBelow(folder.root, found.unit) } : found;
  }

  private after(name: string): readonly string[] {
    const found = this.find(name);
    return found._tag === 'Found' ? found.unit.after : [];
  }

  private async startAtBoot(name: string): Promise<void> {
    if (this.closing) return;
    try {
      await this.start(name);
    } catch (error) {
      this.options.log.warn('a service did not start with the host', {
        service: name,
        why: (error as Error).message,
      });
    }
  }

  /** A service whose unit file is gone may still run. */
  private unloaded(name: string): ServiceState {
    return { loaded: false, running: this.services.get(name)?.phase === 'running', enabled: false };
  }

  private loaded(name: string): { readonly unit: Unit; readonly file: string } {
    const found = this.find(name);
    if (found._tag === 'Found') return found;
    throw new Error(
      found._tag === 'Masked' ? `${name}: ${MASKED}` : `there is no unit ${name}.service on this host`,
    );
  }

  private service(name: string): Service {
    const { clock, logFolder, notifyFolder, folder } = this.options;
    const known = this.services.get(name);
    if (known !== undefined) return known;
    const own: Pick<ServiceAround, 'variables' | 'prepare'> =
      folder === undefined
        ? { variables: {}, prepare: makeRunDirectories }
        : { variables: folder.variables, prepare: () => Promise.resolve() };
    const service = new Service(name, {
      clock,
      log: serviceLog(logFolder, name),
      notifyFolder,
      ...own,
      load: () => this.loaded(name).unit,
    });
    this.services.set(name, service);
    return service;
  }
}

/** The host's own. */
export const openSupervisor = (options: SupervisorOptions): Supervisor => new HostSupervisor(options);
