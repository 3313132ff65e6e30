/** What the gateway did, in numbers. */
export interface Counters {
  /** Payload bytes sent to agents, without frames and headers. */
  bytesSent: number;
  eventsSent: number;
  reports: number;
  enrolled: number;
  /** By reason: `BadToken`, `NotOfBatch`, `Spent`, `BadRequest`. */
  readonly enrolmentsRefused: Map<string, number>;
  connectionsRefused: number;
  protocolErrors: number;
  resultsRecorded: number;
  resultChunks: number;
}

export const noCounts = (): Counters => ({
  bytesSent: 0,
  eventsSent: 0,
  reports: 0,
  enrolled: 0,
  enrolmentsRefused: new Map(),
  connectionsRefused: 0,
  protocolErrors: 0,
  resultsRecorded: 0,
  resultChunks: 0,
});

export const countRefusal = ({ enrolmentsRefused }: Counters, reason: string): void => {
  enrolmentsRefused.set(reason, (enrolmentsRefused.get(reason) ?? 0) + 1);
};
