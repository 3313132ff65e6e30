/** What is mounted where, as the kernel says. */
import { readFile } from 'node:fs/promises';

export interface Mounted {
  readonly path: string;
  /** What was given as its source: `/dev/xvdf`. */
  readonly source: string;
  readonly format: string;
  /** Major and minor number of the device: `202:80`. */
  readonly device: string;
}

/** The kernel writes blanks and backslashes as octal numbers. */
const decoded = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8)));

/** The text of /proc/self/mountinfo; later ones lie over earlier ones. */
export const parseMounts = (text: string): readonly Mounted[] =>
  text.split('\n').flatMap((line) => {
    const [front = '', back = ''] = line.split(' - ');
    const [, , device = '', , path = ''] = front.split(' ');
    const [format = '', source = ''] = back.split(' ');
    return path === '' ? [] : [{ path: decoded(path), source: decoded(source), format, device }];
  });

export const mounts = async (): Promise<readonly Mounted[]> =>
  parseMounts(await readFile('/proc/self/mountinfo', 'utf8'));

/** At a place of this machine or below it. */
export const mountsBelow = async (place: string): Promise<readonly string[]> =>
  (await mounts()).map(({ path }) => path).filter((path) => path === place || path.startsWith(`${place}/`));
