/** What hosts write of an event while they carry it out, line by line: some hosts at once, the others in their turn. */
import * as E from 'fp-ts/lib/Either.js';
import type { Client } from '../client/client.js';
import type { CliContext } from './context.js';
import { logLine, printable } from './log-lines.js';

/** Each is a connection to the control plane, and more than a person reads. */
const AT_ONCE = 16;
/** Lines of a host that were written before it had its turn. */
const TAIL = 500;
/** The end of all is told before the last lines are here. */
const LAST_LINES_MS = 2000;

export interface HostOutput {
  /** This host carries this event out. */
  want(host: string, event: string): void;
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

export interface Shown {
  readonly cluster: string;
  /** Ends it. */
  readonly signal: AbortSignal;
  /** Shows a line that is whole, without its end. */
  readonly show: (line: string) => void;
  /** Lines as the agent wrote them. */
  readonly raw?: boolean;
}

interface Wanted {
  readonly host: string;
  readonly event: string;
}

class Streams implements HostOutput {
  private readonly known = new Set<string>();
  private readonly waiting: Wanted[] = [];
  private readonly reading = new Set<Promise<void>>();
  private readonly over = new AbortController();
  private readonly signal: AbortSignal;
  private width = 0;

  constructor(
    private readonly context: CliContext,
    private readonly client: Client,
    private readonly shown: Shown,
  ) {
    this.signal = AbortSignal.any([shown.signal, this.over.signal]);
  }

  want(host: string, event: string): void {
    const key = `${event} ${host}`;
    if (this.known.has(key)) return;
    this.known.add(key);
    this.width = Math.max(this.width, host.length);
    this.waiting.push({ host, event });
    this.begin();
  }

  async close(): Promise<void> {
    const left = this.waiting.splice(0);
    const events = [...new Set(left.map(({ event }) => event))];
    const hosts = new Set(left.map(({ host }) => host)).size;
    if (left.length > 0)
      this.shown.show(
        `of ${String(hosts)} more hosts no output is shown: ${this.context.program} logs HOST -n ${this.shown.cluster} --event ${events.at(-1) ?? ''}`,
      );
    const patience = this.context.pause(LAST_LINES_MS, this.signal).catch(() => undefined);
    await Promise.race([Promise.all(this.reading), patience]);
    this.over.abort();
    await Promise.all(this.reading);
  }

  private begin(): void {
    while (this.reading.size < AT_ONCE && !this.signal.aborted) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      const read = this.read(next)
        // nobody's log is worth the end of the command: the object says what became of the host
        .catch(() => undefined)
        .finally(() => {
          this.reading.delete(read);
          this.begin();
        });
      this.reading.add(read);
    }
  }

  private async read({ host, event }: Wanted): Promise<void> {
    const { client, signal, shown } = this;
    const of = { kind: 'Instance', cluster: shown.cluster, name: host } as const;
    const lines = await client.logs(of, { tail: TAIL, follow: true, event, signal })();
    if (E.isLeft(lines)) return;
    for await (const line of lines.right) {
      const said = saidIn(line);
      // shown at the end, once for all hosts where it is the same
      if (said.message !== 'would change')
        shown.show(`${host.padEnd(this.width)} | ${shown.raw === true ? line : shownOf(line, said)}`);
      if (said.event === event && said.message === 'event ends') return;
    }
  }
}

/** Shows what hosts of a cluster write, beside what was asked for. */
export const hostOutput = (context: CliContext, client: Client, shown: Shown): HostOutput =>
  new Streams(context, client, shown);
