/** Logs of the hosts that are connected to this gateway. */
import type { LogLines, LogsEnd, LogsRequest } from '../../api-types/agent-protocol.js';
import { seconds } from '../../api-types/units.js';
import type { Clock, Timer } from '../../runtime/clock.js';
import type { LogReader, LogsAsked } from '../logs/port.js';
import type { Link } from './link.js';

/** An agent of an older version does not know the question, and says nothing. */
const FIRST_WORD = seconds(5);

interface Open {
  readonly link: Link;
  readonly reader: LogReader;
  readonly late: Timer;
}

/** The logs that are being read over one agent's connection. */
export class HostLogs {
  private readonly open = new Map<string, Open>();
  private asked = 0;

  constructor(private readonly clock: Clock) {}

  /** Asks the agent; the answer stops it. */
  ask(link: Link, { tail, follow, event }: LogsAsked, reader: LogReader): () => void {
    this.asked += 1;
    const request = String(this.asked);
    const late = this.clock.after(FIRST_WORD, () => {
      this.end(
        request,
        'its agent does not answer; one of an older version does not know how to show its log',
      );
    });
    this.open.set(request, { link, reader, late });
    const message: LogsRequest = {
      type: 'logs',
      request,
      tail,
      follow,
      ...(event === null ? {} : { event }),
    };
    link.send(JSON.stringify(message));
    return () => {
      if (!this.forget(request)) return;
      const leave: LogsEnd = { type: 'logsEnd', request };
      link.send(JSON.stringify(leave));
    };
  }

  /** What an agent answered; what nobody asked of this very host is dropped. */
  heard(link: Link, { request, lines, end, problem }: LogLines): void {
    const open = this.open.get(request);
    if (open?.link !== link) return;
    open.late.cancel();
    if (lines.length > 0 || !end) open.reader.lines(lines);
    if (end) this.end(request, problem ?? null);
  }

  /** The host's connection is gone. */
  left(link: Link): void {
    for (const [request, open] of [...this.open])
      if (open.link === link) this.end(request, 'the connection to it ended');
  }

  private end(request: string, problem: string | null): void {
    const open = this.open.get(request);
    if (this.forget(request)) open?.reader.end(problem);
  }

  private forget(request: string): boolean {
    this.open.get(request)?.late.cancel();
    return this.open.delete(request);
  }
}
