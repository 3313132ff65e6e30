/** Writing into a kubeconfig: our entries in, everything else as it was. */
import { lstatSync, mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Document, isMap, isSeq, parseDocument, YAMLSeq } from 'yaml';
import { MARK } from '../../client/kubeconfig.js';
import { CliError } from '../context.js';

export interface LoginEntry {
  /** Of cluster, context and user. */
  readonly name: string;
  readonly url: string;
  /** PEM; null: the system's authorities. */
  readonly ca: string | null;
  readonly token: string;
  readonly user: string;
  /** The token's own name, to revoke it by. */
  readonly tokenName: string;
}

type Section = 'clusters' | 'contexts' | 'users';

const sectionOf = (document: Document, section: Section): YAMLSeq => {
  const found = document.get(section);
  if (isSeq(found)) return found;
  const made = new YAMLSeq();
  document.set(section, made);
  return made;
};

const indexOf = (entries: YAMLSeq, name: string): number =>
  entries.items.findIndex((item) => isMap(item) && item.get('name') === name);

const put = (document: Document, section: Section, entry: { readonly name: string }): void => {
  const entries = sectionOf(document, section);
  entries.flow = false;
  const at = indexOf(entries, entry.name);
  const node = document.createNode(entry);
  if (at < 0) entries.add(node);
  else entries.set(at, node);
};

const take = (document: Document, section: Section, name: string): void => {
  const entries = sectionOf(document, section);
  const at = indexOf(entries, name);
  if (at >= 0) entries.delete(at);
};

const parsed = (file: string, text: string): Document => {
  const document = parseDocument(text === '' ? 'apiVersion: v1\nkind: Config\n' : text);
  if (document.errors.length === 0 && isMap(document.contents)) return document;
  throw new CliError(
    `${file} is no kubeconfig that could be added to: mend it, or name another with --kubeconfig`,
  );
};

/** The text with a context to log in by, and that context the current one. */
export const withLogin = (file: string, text: string, entry: LoginEntry): string => {
  const document = parsed(file, text);
  const { name, url: server, ca, token } = entry;
  const trusted = ca === null ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') };
  const mark = (extension: object) => ({ extensions: [{ name: MARK, extension }] });
  put(document, 'clusters', { name, ...{ cluster: { server, ...trusted, ...mark({}) } } });
  const noted = mark({ user: entry.user, token: entry.tokenName });
  put(document, 'users', { name, ...{ user: { token, ...noted } } });
  put(document, 'contexts', { name, ...{ context: { cluster: name, user: name } } });
  document.set('current-context', name);
  return document.toString();
};

/** The text without what `withLogin` put into it. */
export const withoutLogin = (file: string, text: string, name: string): string => {
  const document = parsed(file, text);
  for (const section of ['clusters', 'users', 'contexts'] as const) take(document, section, name);
  if (document.get('current-context') === name) document.set('current-context', '');
  return document.toString();
};

/** A link stays a link: what it names is replaced. */
const targetOf = (file: string): string => {
  try {
    return lstatSync(file).isSymbolicLink() ? realpathSync(file) : file;
  } catch {
    return file;
  }
};

const textOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`);
  }
};

/** Changes the file in one step; only its owner can read it afterwards. */
export const changeKubeconfig = (named: string, change: (text: string) => string): void => {
  const file = targetOf(named);
  const text = change(textOf(file));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const beside = `${file}.${String(process.pid)}.new`;
  writeFileSync(beside, text, { mode: 0o600, flag: 'wx' });
  renameSync(beside, file);
};
