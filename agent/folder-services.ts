/**
 * Services of a host that is a folder: those of its applications, under a supervisor of the host's own. It is started when
 * it is first needed, and is no part of the agent: an agent that is killed and started anew finds it running.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { millis, seconds } from '../api-types/units.js';
import { noManager } from '../recipes/services/no-manager.js';
import type { ServiceManager } from '../recipes/services/service-manager.js';
import {
  listServices,
  supervisorClient,
  supervisorSocketOf,
} from '../recipes/services/supervisor/control.js';
import { FOLDER_ROOT, isFolderUnit } from '../recipes/services/supervisor/folder-unit.js';
import type { Clock } from '../runtime/clock.js';
import type { Log } from '../runtime/log.js';

export interface FolderOptions {
  readonly root: string;
  /** How a supervisor of this root is started. */
  readonly command: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
}

export interface FolderServices extends ServiceManager {
  /** Starts the supervisor where applications are to start with the host. */
  begin(): void;
}

const NONE = 'nothing manages this service: the host is a folder, of which only applications are services';
const ANSWERS_WITHIN = seconds(30);
const POLL = millis(20);
const LOG = 'var/log/scalarium/supervisor.log';
const ENABLED = 'etc/systemd/system/multi-user.target.wants';

const hasEnabled = (root: string): boolean => {
  try {
    return readdirSync(join(root, ENABLED)).some(isFolderUnit);
  } catch {
    return false;
  }
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** In a session of its own, so that it outlives us; whoever ends the host finds it by this variable. */
const startProgram = ({ root, command }: FolderOptions): ChildProcess => {
  const path = join(root, LOG);
  mkdirSync(dirname(path), { recursive: true });
  const log = openSync(path, 'a', 0o640);
  try {
    const [program = '', ...words] = command;
    const child = spawn(program, words, {
      cwd: root,
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...process.env, [FOLDER_ROOT]: root },
    });
    child.on('error', () => undefined).unref();
    return child;
  } finally {
    closeSync(log);
  }
};

class Supervised implements FolderServices {
  private readonly others = noManager(NONE);
  private readonly client: ServiceManager;
  private readonly socket: string;
  private starting: Promise<void> | null = null;

  constructor(private readonly options: FolderOptions) {
    this.socket = supervisorSocketOf(options.root);
    this.client = supervisorClient(this.socket);
  }

  begin(): void {
    if (!hasEnabled(this.options.root)) return;
    this.there().catch((error: unknown) => {
      this.options.log.warn('the applications of this host do not start', { why: String(error) });
    });
  }

  state(name: string): ReturnType<ServiceManager['state']> {
    return this.of(name, (services) => services.state(name));
  }

  start(name: string): Promise<void> {
    return this.of(name, (services) => services.start(name));
  }

  stop(name: string): Promise<void> {
    return this.of(name, (services) => services.stop(name));
  }

  restart(name: string): Promise<void> {
    return this.of(name, (services) => services.restart(name));
  }

  reload(name: string): Promise<void> {
    return this.of(name, (services) => services.reload(name));
  }

  enable(name: string): Promise<void> {
    return this.of(name, (services) => services.enable(name));
  }

  disable(name: string): Promise<void> {
    return this.of(name, (services) => services.disable(name));
  }

  /** It keeps nothing: files are read when they are needed. */
  readUnits(): Promise<void> {
    return Promise.resolve();
  }

  private async of<A>(name: string, act: (services: ServiceManager) => Promise<A>): Promise<A> {
    if (!isFolderUnit(name)) return act(this.others);
    await this.there();
    return act(this.client);
  }

  /** One start at a time, whoever asks. */
  private async there(): Promise<void> {
    if (await this.answers()) return;
    this.starting ??= this.bring().finally(() => {
      this.starting = null;
    });
    await this.starting;
  }

  private answers(): Promise<boolean> {
    return listServices(this.socket).then(
      () => true,
      () => false,
    );
  }

  private async bring(): Promise<void> {
    const { clock, root } = this.options;
    const child = startProgram(this.options);
    const until = clock.monotonic() + ANSWERS_WITHIN;
    while (!(await this.answers())) {
      if (hasEnded(child) || child.pid === undefined)
        throw new Error(`the supervisor of ${root} has ended as it started; ${LOG} in it says why`);
      if (clock.monotonic() > until) throw new Error(`the supervisor of ${root} does not answer`);
      await clock.sleep(POLL);
    }
  }
}

export const folderServices = (options: FolderOptions): FolderServices => new Supervised(options);
