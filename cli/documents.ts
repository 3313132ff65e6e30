/** Documents in files, directories and standard input, each with where it is. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LineCounter, type Document, parseAllDocuments } from 'yaml';
import { CliError } from './context.js';

export interface SourceText {
  /** As people named it; `-` for standard input. */
  readonly file: string;
  readonly text: string;
}

export interface SourceDocument {
  readonly file: string;
  /** Counted from 1 within its file. */
  readonly index: number;
  readonly value: unknown;
}

export interface ParsedFiles {
  readonly documents: readonly SourceDocument[];
  /** `file:3:5: …`, for what does not parse. */
  readonly problems: readonly string[];
}

const EXTENSIONS = ['.yaml', '.yml', '.json'];

const filesIn = (path: string): readonly string[] => {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path)
    .filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)))
    .sort();
  if (names.length === 0) throw new CliError(`${path}: no ${EXTENSIONS.join(', ')} file in this directory`);
  return names.map((name) => join(path, name));
};

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or directory',
  EACCES: 'it may not be read by this user',
};

const readable = <A>(path: string, read: () => A): A => {
  try {
    return read();
  } catch (error) {
    if (error instanceof CliError) throw error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new CliError(`${path}: ${REASONS[code] ?? message}`, { cause: error });
  }
};

/** What `-f` names: files, the YAML and JSON files of directories (not below), `-` for standard input. */
export const sourceTexts = async (
  paths: readonly string[],
  readStdin: () => Promise<string>,
): Promise<readonly SourceText[]> => {
  const texts: SourceText[] = [];
  for (const path of paths) {
    if (path === '-') texts.push({ file: '-', text: await readStdin() });
    else
      for (const file of readable(path, () => filesIn(path)))
        texts.push({ file, text: readable(file, () => readFileSync(file, 'utf8')) });
  }
  return texts;
};

const sentence = (error: unknown): string => {
  if (error instanceof RangeError) return 'it is nested too deeply';
  return error instanceof Error ? (error.message.split('\n')[0] ?? '').replace(/ at line \d+.*$/, '') : '';
};

const placed = (
  file: string,
  counter: LineCounter,
  error: { readonly pos: readonly [number, number] },
): string => {
  const { line, col } = counter.linePos(error.pos[0]);
  return `${file}:${String(line)}:${String(col)}: ${sentence(error)}`;
};

/** A `List` (as `get -o yaml` prints) is its items. */
const itemsOf = (value: unknown): readonly unknown[] => {
  if (typeof value !== 'object' || value === null) return [value];
  const { kind, items } = value as { readonly kind?: unknown; readonly items?: unknown };
  const isList = typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items);
  return isList ? (items as readonly unknown[]) : [value];
};

/** Aliases beyond this are a bomb, not a convenience. */
const MAX_ALIASES = 50;

const valuesOf = (documents: readonly Document[]): readonly unknown[] =>
  documents
    .map((document) => document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown)
    .filter((value) => value !== null)
    .flatMap(itemsOf);

const parsedText = ({ file, text }: SourceText): ParsedFiles => {
  try {
    const counter = new LineCounter();
    const parsed = parseAllDocuments(text, { lineCounter: counter, logLevel: 'silent' });
    const documents: readonly Document[] = 'empty' in parsed ? [] : parsed;
    const errors = documents.flatMap((document) => document.errors);
    if (errors.length > 0)
      return { documents: [], problems: errors.map((error) => placed(file, counter, error)) };
    const values = valuesOf(documents);
    return { documents: values.map((value, index) => ({ file, index: index + 1, value })), problems: [] };
  } catch (error) {
    return { documents: [], problems: [`${file}: ${sentence(error)}`] };
  }
};

/** Parses every text; problems of all of them are told together. */
export const parseTexts = (texts: readonly SourceText[]): ParsedFiles => {
  const all = texts.map(parsedText);
  return {
    documents: all.flatMap(({ documents }) => documents),
    problems: all.flatMap(({ problems }) => problems),
  };
};
