/** Lengths of time as people type them. */
import { UsageError } from './context.js';

const SECONDS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds of `30`, `30s`, `5m`, `2h`, `30d` or `1h30m`. */
export const secondsOf = (option: string, text: string): number => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)([smhd]?)/g)];
  const read = parts.map(([all]) => all).join('');
  if (parts.length === 0 || read !== text)
    throw new UsageError(`${option}: expected a time like 30s, 5m, 2h or 30d, got "${text}"`);
  return parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (SECONDS[unit] ?? 1), 0);
};
