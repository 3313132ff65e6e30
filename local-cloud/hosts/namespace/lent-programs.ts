/** Copies of programs that are lent to hosts: a host goes on with the one that it booted with, whatever is built or removed since. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { cp, mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

const versionOf = (program: string): string => {
  const { mtimeMs, size, ino } = statSync(program);
  const version = [program, mtimeMs, size, ino].join(' ');
  return createHash('sha256').update(version).digest('hex').slice(0, 16);
};

/** The folder of the program is copied below `folder`, unless it is there; gives the program's path in the copy. */
const lend = async (folder: string, program: string): Promise<string> => {
  const copy = join(folder, versionOf(program));
  if (!existsSync(copy)) {
    await rm(`${copy}.next`, { recursive: true, force: true });
    await cp(dirname(program), `${copy}.next`, {
      recursive: true,
      filter: (path) => !path.endsWith('.map'),
    });
    await rename(`${copy}.next`, copy);
  }
  return join(copy, basename(program));
};

/** Gives the paths of the copies; those of before go when no host lives that may use them. */
export const lendPrograms = async (
  folder: string,
  programs: readonly string[],
  inUse: boolean,
): Promise<readonly string[]> => {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const copies: string[] = [];
  for (const program of programs) copies.push(await lend(folder, program));
  const present = new Set(copies.map((copy) => basename(dirname(copy))));
  const old = inUse ? [] : readdirSync(folder).filter((name) => !present.has(name));
  for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
  return copies;
};
