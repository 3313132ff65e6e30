/** Secrets of the host's cluster, fetched when a recipe needs them and kept nowhere. */
import { seconds } from '../api-types/units.js';
import type { SecretSource } from '../recipes/secrets.js';
import { fetchSecret, Refusal, type Asking } from './requests.js';

export type SecretsDependencies = Pick<Asking, 'route' | 'credential' | 'clock' | 'signal'>;

/** One that the control plane is about to make, or a gateway that restarts, is waited for this long. */
const PATIENCE = seconds(20);
const BETWEEN = seconds(1);

/** Of a host that has no need for it, or of one that cannot be opened, no gateway will say anything else. */
const isFinal = (error: unknown): boolean =>
  error instanceof Refusal && [401, 403, 500].includes(error.status);

/** Rejects, for people, when the secret is refused, cannot be had for 20 s, or the run is cut off. */
export const secretsOver = ({
  route,
  credential,
  clock,
  signal: ends,
}: SecretsDependencies): SecretSource => {
  return async (name, run) => {
    const signal = run === undefined ? ends : AbortSignal.any([ends, run]);
    const until = clock.monotonic() + PATIENCE;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await fetchSecret(route(attempt), credential(), { name, signal });
      } catch (error) {
        if (isFinal(error) || signal.aborted || clock.monotonic() >= until) throw error;
        await clock.sleep(BETWEEN, signal);
      }
    }
  };
};
