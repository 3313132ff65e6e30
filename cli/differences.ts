/** What dry runs found to differ, as people read it: each difference once, with the hosts where it is. */
import type { RunDiff, RunStatus } from '../api-types/kinds/run.js';
import { printable } from './log-lines.js';

const HOSTS_SHOWN = 8;

const hostsText = (hosts: readonly string[]): string => {
  const shown = hosts.slice(0, HOSTS_SHOWN).join(', ');
  const more = hosts.length - HOSTS_SHOWN;
  return more > 0 ? `${shown} and ${String(more)} more` : shown;
};

const coloured = (line: string, colour: boolean): string => {
  const code = line.startsWith('+') ? 32 : line.startsWith('-') ? 31 : null;
  return colour && code !== null ? `\u001b[${String(code)}m${line}\u001b[0m` : line;
};

const oneText = ({ resource, diff, instances }: RunDiff, colour: boolean): string => {
  const lines = diff
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `  ${coloured(printable(line), colour)}\n`);
  return `\n${printable(resource)} on ${hostsText(instances)}\n${lines.join('')}`;
};

/** All of them, and how many there was no room for. */
export const differencesText = ({ diffs = [], diffsLeftOut = 0 }: RunStatus, colour: boolean): string => {
  const more =
    diffsLeftOut === 0
      ? ''
      : `\n${String(diffsLeftOut)} more differences are left out: see the hosts' logs, or ask fewer hosts at a time with --host\n`;
  return `${diffs.map((one) => oneText(one, colour)).join('')}${more}`;
};
