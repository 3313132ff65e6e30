/** Logs of hosts: the port between the API and the gateways that hold the hosts' connections. */

export interface LogsAsked {
  /** So many of the newest lines. */
  readonly tail: number;
  /** And those that are written from then on. */
  readonly follow: boolean;
  /** Of this event only. */
  readonly event: string | null;
}

export interface LogReader {
  lines(lines: readonly string[]): void;
  /** Nothing more will come; `problem`: why it ends early, or never began. Called once. */
  end(problem: string | null): void;
}

/** Calls the reader until it has ended; the answer ends it from the other side. */
export type OpenLog = (machine: string, asked: LogsAsked, reader: LogReader) => () => void;
