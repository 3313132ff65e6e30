/** Times of hollow agents from environment variables, for benchmarks. */
import { seconds, type Millis } from '../../api-types/units.js';
import { HOLLOW_TIMES, type HollowTimes } from '../../agent/hollow.js';

const secondsIn = (text: string | undefined, usual: Millis): Millis => {
  const value = Number(text ?? '');
  return text === undefined || text === '' || !(value >= 0) ? usual : seconds(value);
};

/** `SCALARIUM_HOLLOW_SETUP_SECONDS` and `SCALARIUM_HOLLOW_CONFIGURE_SECONDS`. */
export const hollowTimes = (env: Readonly<Record<string, string | undefined>>): HollowTimes => ({
  setup: secondsIn(env['SCALARIUM_HOLLOW_SETUP_SECONDS'], HOLLOW_TIMES.setup),
  configure: secondsIn(env['SCALARIUM_HOLLOW_CONFIGURE_SECONDS'], HOLLOW_TIMES.configure),
});
