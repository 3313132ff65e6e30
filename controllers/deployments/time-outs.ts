/** How long a host may take for an order: what the Deployment says, and beside it what has a bound of its own. Pure. */
import type { DeployOrder } from '../../api-types/deploy-order.js';
import type { ReleaseConfig } from '../../api-types/release.js';

/** As hosts take them where a release says nothing. */
const MIGRATION_SECONDS = 600;
const HEALTH_SECONDS = 60;

/** The new release gets well, or does not, and that of before has to get well again. */
const healthOf = ({ health }: ReleaseConfig): number => 2 * (health?.timeoutSeconds ?? HEALTH_SECONDS);

const ownBounds = ({ step, release }: DeployOrder): number => {
  if (release === undefined) return 0;
  const { config } = release;
  if (step === 'migrate') return config.migration?.timeoutSeconds ?? MIGRATION_SECONDS;
  return step === 'activate' ? healthOf(config) : 0;
};

/** Seconds. */
export const timeoutOf = (order: DeployOrder, deployment: number): number => deployment + ownBounds(order);
