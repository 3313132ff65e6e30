/** A log as the body of a response: plain text, line by line. */
import type { ServerResponse } from 'node:http';
import type { LogReader } from './port.js';

/** A reader that takes nothing is cut off: lines are not kept for it. */
const MOST_BUFFERED = 4 * 1024 * 1024;

export interface Streaming {
  readonly open: (reader: LogReader) => () => void;
  readonly response: ServerResponse;
  /** Looked at before each piece: false ends it. */
  readonly valid: () => boolean;
  /** Aborted when the server closes. */
  readonly closing: AbortSignal;
}

class Stream implements LogReader {
  /** Null: the response is taken; else why there is nothing to read. */
  readonly begun: Promise<string | null>;
  private close: (() => void) | null = null;
  private over = false;
  private begin: (problem: string | null) => void = () => undefined;

  constructor(private readonly with_: Streaming) {
    const { response, closing } = with_;
    this.begun = new Promise((resolve) => {
      this.begin = resolve;
    });
    const leave = (): void => {
      this.finish();
    };
    response.on('close', leave);
    closing.addEventListener('abort', leave, { once: true });
    response.on('close', () => {
      closing.removeEventListener('abort', leave);
    });
    this.close = with_.open(this);
    if (this.over) this.close();
  }

  lines(lines: readonly string[]): void {
    const { response, valid } = this.with_;
    if (this.over) return;
    if (!valid() || response.writableLength > MOST_BUFFERED) {
      this.finish();
      return;
    }
    this.head();
    if (lines.length > 0) response.write(lines.map((line) => `${line}\n`).join(''));
  }

  end(problem: string | null): void {
    if (this.over) return;
    const { response } = this.with_;
    if (problem !== null && !response.headersSent) {
      this.over = true;
      this.begin(problem);
      return;
    }
    this.head();
    if (problem !== null) response.write(`${JSON.stringify({ level: 'error', message: problem })}\n`);
    this.finish();
  }

  private head(): void {
    const { response } = this.with_;
    if (response.headersSent) return;
    response.writeHead(200, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
    });
    response.flushHeaders();
    this.begin(null);
  }

  private finish(): void {
    if (this.over) return;
    this.over = true;
    this.close?.();
    this.begin(null);
    this.with_.response.end();
  }
}

/** Streams onto the response; gives why it cannot, or null once the response is taken. */
export const streamed = (streaming: Streaming): Promise<string | null> => new Stream(streaming).begun;
