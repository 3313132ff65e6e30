/** Times of the lifecycle controller; benchmarks and tests set their own. */
import { millis, seconds, type Millis } from '../../api-types/units.js';

export interface LifecycleSettings {
  /** Configure is sent when nothing more has changed for this long … */
  readonly configureIdle: Millis;
  /** … or when the first change is this old. */
  readonly configureMax: Millis;
  /** Both grow by this for each host of the cluster: a large one is told of more at a time. */
  readonly perHost: Millis;
  /** A configure run for a changed hosts file alone: at most one a host in this time. */
  readonly hostsFileEvery: Millis;
  /** A configure run that failed or was not heard of again is repeated after this. */
  readonly configureRetry: Millis;
  /** One that succeeded but could not do everything (an account) is repeated after this: it may need a person. */
  readonly warningRetry: Millis;
  readonly configureTimeout: Millis;
}

export const lifecycleSettings: LifecycleSettings = {
  configureIdle: millis(300),
  configureMax: seconds(2),
  perHost: millis(0.3),
  hostsFileEvery: seconds(30),
  configureRetry: seconds(60),
  warningRetry: seconds(600),
  configureTimeout: seconds(600),
};
