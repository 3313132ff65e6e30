/** How long slow clients are waited for: against those that send a byte a minute, and those that read none. */
import type { ServerResponse } from 'node:http';
import { type Millis, minutes, seconds } from '../api-types/units.js';

export interface Patience {
  /** For the first byte of a connection, and for its TLS handshake. */
  readonly greeting: Millis;
  readonly headers: Millis;
  /** For the whole of a request. */
  readonly request: Millis;
  /** For a client that takes nothing of its answer. */
  readonly answer: Millis;
}

/** What clients on a slow line still manage, and nobody holds a connection with for long. */
export const PATIENCE: Patience = {
  greeting: seconds(10),
  headers: seconds(10),
  request: seconds(30),
  answer: minutes(1),
};

/** Cuts an answer off that its client takes nothing of: it would be kept in memory for as long as they like. */
export const cutWhenStuck = (response: ServerResponse, { answer }: Patience): void => {
  response.setTimeout(answer, () => response.destroy());
};
