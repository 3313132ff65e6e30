/** What hosts write of an event while they carry it out, line by line: some hosts at once, the others in their turn. */
import * as E from 'fp-ts/lib/Either.js';
import type { RunStatus } from '../api-types/kinds/run.js';
import type { Client } from '../client/client.js';
import type { CliContext } from './context.js';
import { logLine, printable } from './log-lines.js';

/** Each is a connection to the control plane, and more than a person reads. */
const AT_ONCE = 16;
/** Lines of a host that were written before it had its turn. */
const TAIL = 500;
/** The end of the Run is told before the last lines are here. */
const LAST_LINES_MS = 2000;

export interface HostOutput {
  /** What is known of the Run by now. */
  see(status: RunStatus): void;
  /** Shows what is still on its way, for a moment. */
  close(): Promise<void>;
}

interface Said {
  readonly event?: unknown;
  readonly message?: unknown;
  /** Of `output`: what a command of a recipe wrote. */
  readonly line?: unknown;
}

const saidIn = (line: string): Said => {
  try {
    return JSON.parse(line) as Said;
  } catch {
    return {};
  }
};

/** What recipes write as they wrote it; the agent's own lines with their time. */
const shownOf = (line: string, { message, line: written }: Said): string =>
  message === 'output' && typeof written === 'string' ? printable(written) : logLine(line, false);

class Streams implements HostOutput {
  private readonly known = new Set<string>();
  private readonly waiting: string[] = [];
  private readonly reading = new Set<Promise<void>>();
  private readonly over = new AbortController();
  private readonly signal: AbortSignal;
  private event = '';
  private width = 0;

  constructor(
    private readonly context: CliContext,
    private readonly client: Client,
    private readonly cluster: string,
  ) {
    this.signal = AbortSignal.any([context.interrupted, this.over.signal]);
  }

  see({ events = [], hosts = {} }: RunStatus): void {
    const [event] = events;
    if (event === undefined) return;
    this.event = event;
    for (const name of Object.keys(hosts)) {
      if (this.known.has(name)) continue;
      this.known.add(name);
      this.width = Math.max(this.width, name.length);
      this.waiting.push(name);
    }
    this.begin();
  }

  async close(): Promise<void> {
    const left = this.waiting.splice(0);
    if (left.length > 0)
      this.context.err(
        `of ${String(left.length)} more hosts no output is shown: ${this.context.program} logs HOST -n ${this.cluster} --event ${this.event}\n`,
      );
    const patience = this.context.pause(LAST_LINES_MS, this.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.reading), patience]);
    this.over.abort();
    await Promise.all(this.reading);
  }

  private begin(): void {
    while (this.reading.size < AT_ONCE && !this.signal.aborted) {
      const name = this.waiting.shift();
      if (name === undefined) return;
      const read = this.read(name)
        // nobody's log is worth the end of the command: the Run says what became of the host
        .catch(() => undefined)
        .finally(() => {
          this.reading.delete(read);
          this.begin();
        });
      this.reading.add(read);
    }
  }

  private async read(name: string): Promise<void> {
    const { client, cluster, event, signal } = this;
    const of = { kind: 'Instance', cluster, name } as const;
    const lines = await client.logs(of, { tail: TAIL, follow: true, event, signal })();
    if (E.isLeft(lines)) return;
    for await (const line of lines.right) {
      const said = saidIn(line);
      // shown at the end, once for all hosts where it is the same
      if (said.message !== 'would change')
        this.context.err(`${name.padEnd(this.width)} | ${shownOf(line, said)}\n`);
      if (said.event === event && said.message === 'event ends') return;
    }
  }
}

/** Shows what hosts of this cluster write, beside what was asked for. */
export const hostOutput = (context: CliContext, client: Client, cluster: string): HostOutput =>
  new Streams(context, client, cluster);
