/** What a host driver does with one machine; three of them: `hollow`, `process` and `namespace`. */
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import type { ProcessIdentity } from '../../runtime/process-identity.js';

/** What an agent is booted with. */
export interface Boot {
  readonly machine: string;
  /** The machine's own directory; `root` is in it. Neither exists for a driver whose agents do not outlive it. */
  readonly directory: string;
  readonly root: string;
  readonly address: string;
  readonly config: AgentConfig;
}

/** A booted agent. */
export interface RunningAgent {
  /** Null when it has no process of its own. */
  readonly identity: ProcessIdentity | null;
  /** Resolves when the agent has ended, whoever ended it. */
  readonly done: Promise<void>;
  /** Ends it, kindly and then not; resolves when it has ended. */
  stop(): Promise<void>;
}

export interface HostDriver {
  /** The agent finds its configuration where the machine's user data would have put it. */
  boot(boot: Boot): Promise<RunningAgent>;
  /** Takes over an agent that an earlier run of the driver booted and that still lives; `root` is its host's. */
  adopt(identity: ProcessIdentity, root: string): RunningAgent;
  /** Ends what runs on a host whose agent does not. */
  clear(root: string): Promise<void>;
  /** Agents that live below `directory`, by machine: also those whose file was never written. */
  survivors(directory: string): ReadonlyMap<string, ProcessIdentity>;
  /** Keeps what agents write within bounds; called now and then. */
  tidy(directories: readonly string[]): void;
  /** An address for the machine, where `taken()` ones are not free. */
  address(machine: { readonly privateAddress: string | null }, taken: () => ReadonlySet<string>): string;
  /** Watches no agent any more: the driver ends and they go on. */
  leave(): void;
  /** Agents go on when the driver ends, and have a directory each. */
  readonly outlives: boolean;
}
