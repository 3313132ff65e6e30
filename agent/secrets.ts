/** Secrets of the host's cluster, fetched when a recipe needs them and kept nowhere. */
import { seconds } from '../api-types/units.js';
import type { Clock } from '../runtime/clock.js';
import type { SecretSource } from '../recipes/secrets.js';
import { fetchSecret, Refusal, type Credential, type Route } from './requests.js';

export interface SecretsDependencies {
  /** The way to the gateway whose turn it is; further attempts go to others, where there are any. */
  readonly route: (attempt: number) => Route;
  readonly credential: () => Credential;
  readonly clock: Clock;
  /** The agent ends. */
  readonly signal: AbortSignal;
}

/** One that the control plane is about to make, or a gateway that restarts, is waited for this long. */
const PATIENCE = seconds(20);
const BETWEEN = seconds(1);

/** Of a host that has no need for it, no gateway will say anything else. */
const isFinal = (error: unknown): boolean => error instanceof Refusal && [401, 403].includes(error.status);

/** Rejects, for people, when the secret is refused or cannot be had for 20 s. */
export const secretsOver = ({ route, credential, clock, signal }: SecretsDependencies): SecretSource => {
  return async (name) => {
    const until = clock.monotonic() + PATIENCE;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await fetchSecret(route(attempt), credential(), name);
      } catch (error) {
        if (isFinal(error) || signal.aborted || clock.monotonic() >= until) throw error;
        await clock.sleep(BETWEEN, signal);
      }
    }
  };
};
