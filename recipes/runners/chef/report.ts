/** What Chef's own report says of a run: written by its JsonFile handler, read in bounds. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ifThere } from '../../place.js';

export interface Report {
  /** `template[/etc/app.conf]`, in the order they were changed. */
  readonly changed: readonly string[];
  /** What stopped it, for people, as Chef says it: the resource, its cookbook, recipe and line. */
  readonly exception: string | null;
}

/** The agent has little memory; a report holds the whole node. */
const MOST_BYTES = 24 * 1024 * 1024;
const MOST_CHANGED = 200;
const EXCEPTION_CHARACTERS = 1_000;

interface Updated {
  readonly instance_vars?: Readonly<Record<string, unknown>>;
  readonly json_class?: unknown;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** `Chef::Resource::AptPackage` is `apt_package`. */
const typeOf = ({ json_class, instance_vars = {} }: Updated): string => {
  const declared = textOf(instance_vars['declared_type']);
  if (declared !== '') return declared;
  const name = textOf(json_class).split('::').at(-1) ?? '';
  return name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toLowerCase();
};

const idOf = (updated: unknown): readonly string[] => {
  if (typeof updated !== 'object' || updated === null) return [];
  const { instance_vars = {} } = updated as Updated;
  const name = textOf(instance_vars['name']);
  return name === '' ? [] : [`${typeOf(updated)}[${name}]`];
};

const parsed = (text: string): Report | null => {
  try {
    const { updated_resources: updated, exception } = JSON.parse(text) as Record<string, unknown>;
    const said = textOf(exception).slice(0, EXCEPTION_CHARACTERS);
    return {
      changed: Array.isArray(updated) ? updated.flatMap(idOf).slice(0, MOST_CHANGED) : [],
      exception: said === '' ? null : said,
    };
  } catch {
    return null;
  }
};

/** Null: there is none that can be read; then only the exit code is known. */
export const readReport = async (folder: string): Promise<Report | null> => {
  const names = (await ifThere(() => readdir(folder)))?.filter((name) => name.endsWith('.json')).sort() ?? [];
  const last = names.at(-1);
  if (last === undefined) return null;
  const file = join(folder, last);
  if ((await stat(file)).size > MOST_BYTES) return null;
  return parsed(await readFile(file, 'utf8'));
};
