/** Answers what a gateway asks of the host's log, over one connection. */
import type { AgentMessage, LogsRequest } from '../api-types/agent-protocol.js';
import type { HostLog } from './host-log.js';

/** Every character may be three bytes, or two in JSON: a message stays far below what gateways take. */
const CHUNK_CHARACTERS = 16 * 1024;
const MOST_FOLLOWED = 64;

type Send = (message: AgentMessage) => void;

const chunksOf = (lines: readonly string[]): readonly (readonly string[])[] => {
  const chunks: string[][] = [[]];
  let size = 0;
  for (const line of lines) {
    if (size > 0 && size + line.length > CHUNK_CHARACTERS) {
      chunks.push([]);
      size = 0;
    }
    chunks.at(-1)?.push(line);
    size += line.length;
  }
  return chunks;
};

/** The logs that gateways have asked this agent for, those that are followed until they are stopped. */
export class LogRequests {
  private readonly followed = new Map<string, () => void>();

  constructor(
    private readonly log: HostLog | null,
    private readonly send: Send,
  ) {}

  ask({ request, tail, follow, event: of }: LogsRequest): void {
    const { log } = this;
    const event = of ?? null;
    if (log === null) {
      this.end(request, 'this host keeps no log');
      return;
    }
    if (follow && this.followed.size >= MOST_FOLLOWED) {
      this.end(request, `the log is followed by ${String(MOST_FOLLOWED)} others already`);
      return;
    }
    for (const lines of chunksOf(log.tail(tail, event)))
      this.send({ type: 'log', request, lines, end: false });
    if (follow) this.followed.set(request, this.follow(log, request, event));
    else this.send({ type: 'log', request, lines: [], end: true });
  }

  /** Nobody wants to hear more. */
  leave(request: string): void {
    this.followed.get(request)?.();
    this.followed.delete(request);
  }

  close(): void {
    for (const request of [...this.followed.keys()]) this.leave(request);
  }

  private follow(log: HostLog, request: string, event: string | null): () => void {
    return log.follow(event, (line) => {
      this.send({ type: 'log', request, lines: [line], end: false });
    });
  }

  private end(request: string, problem: string): void {
    this.send({ type: 'log', request, lines: [], end: true, problem });
  }
}
