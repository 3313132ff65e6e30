/** How long ago something was, in the words of kubectl. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

interface Step {
  readonly below: number;
  readonly unit: readonly [number, string];
  /** What is left over of the unit, told in this one. */
  readonly rest?: readonly [number, string];
}

/** Two units where the larger is small, as kubectl has them. */
const STEPS: readonly Step[] = [
  { below: 2 * MINUTE, unit: [SECOND, 's'] },
  { below: 10 * MINUTE, unit: [MINUTE, 'm'], rest: [SECOND, 's'] },
  { below: 3 * HOUR, unit: [MINUTE, 'm'] },
  { below: 8 * HOUR, unit: [HOUR, 'h'], rest: [MINUTE, 'm'] },
  { below: 2 * DAY, unit: [HOUR, 'h'] },
  { below: 8 * DAY, unit: [DAY, 'd'], rest: [HOUR, 'h'] },
  { below: 2 * YEAR, unit: [DAY, 'd'] },
  { below: 8 * YEAR, unit: [YEAR, 'y'], rest: [DAY, 'd'] },
  { below: Infinity, unit: [YEAR, 'y'] },
];

/** `45s`, `3m20s`, `12m`, `5h30m`, `9d`; `<unknown>` for what is no time. */
export const age = (milliseconds: number): string => {
  // a clock a little behind the one that wrote the time
  const span = milliseconds < 0 ? 0 : milliseconds;
  const step = STEPS.find(({ below }) => span < below);
  if (step === undefined) return '<unknown>';
  const { unit, rest } = step;
  const whole = `${String(Math.floor(span / unit[0]))}${unit[1]}`;
  const left = rest === undefined ? 0 : Math.floor((span % unit[0]) / rest[0]);
  return left === 0 || rest === undefined ? whole : `${whole}${String(left)}${rest[1]}`;
};
