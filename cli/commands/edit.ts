/** `scalarium edit KIND NAME`: in an editor; what is refused is opened again with the reason. */
import type { Command } from 'commander';
import * as E from 'fp-ts/lib/Either.js';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeManifest, nameOfManifest } from '../../api-types/manifest.js';
import { problemText } from '../../api-types/problems.js';
import type { Address, Client } from '../../client/client.js';
import { clusterMeant, lineOf, valueOf } from '../answers.js';
import { onTerminal } from '../child.js';
import { type CliContext, CliError, type GlobalFlags, UsageError } from '../context.js';
import { parseTexts } from '../documents.js';
import { editable, editorOf, withHead, withoutHead } from '../editing.js';
import { asked, shortName } from '../words.js';
import { yamlText } from '../yaml.js';

const openEditor = async (context: CliContext, file: string): Promise<void> => {
  const editor = editorOf(context.env);
  // through a shell, as people write `code --wait` in these variables
  const missing = 'there is no sh to start the editor with';
  const { code } = await onTerminal(spawn, 'sh', ['-c', `${editor} "$1"`, 'edit', file], missing);
  if (code !== 0)
    throw new CliError(
      `the editor "${editor}" ended with ${String(code)}: nothing was changed (set $EDITOR to another); the text is in ${file}`,
    );
};

/** The one document of the file, or what is wrong with it. */
const documentIn = (file: string, text: string, of: Address): E.Either<readonly string[], unknown> => {
  const { documents, problems } = parseTexts([{ file, text }]);
  const [document, ...more] = documents;
  if (problems.length > 0) return E.left(problems);
  if (document === undefined || more.length > 0)
    return E.left([`expected one document, got ${String(documents.length)}`]);
  const manifest = decodeManifest(document.value, of.cluster);
  if (E.isLeft(manifest)) return E.left(manifest.left.map(problemText));
  const { kind, metadata } = manifest.right;
  if (kind !== of.kind || metadata.name !== of.name || (metadata.namespace ?? null) !== of.cluster)
    return E.left([`expected ${of.kind} ${of.name} still, got ${nameOfManifest(document.value)}`]);
  return E.right(document.value);
};

/** Null: stored (or nothing to store); else what was wrong. */
const save = async (
  context: CliContext,
  client: Client,
  what: { readonly of: Address; readonly file: string; readonly text: string },
): Promise<readonly string[] | null> => {
  const document = documentIn(what.file, what.text, what.of);
  if (E.isLeft(document)) return document.left;
  const written = await client.replace(what.of, document.right)();
  if (E.isLeft(written)) {
    const { code } = written.left;
    if ([400, 409, 422].includes(code)) return [lineOf(written.left)];
    throw new CliError(`${lineOf(written.left)}; the text is in ${what.file}`, { cause: written.left });
  }
  if (written.right.warning !== null) context.err(`warning: ${written.right.warning}\n`);
  context.out(`${shortName(what.of.kind, what.of.name)} edited\n`);
  return null;
};

/** Opens the editor until the text is stored, is unchanged, or comes back as it was refused. */
const rounds = async (
  context: CliContext,
  client: Client,
  { of, file, original }: { readonly of: Address; readonly file: string; readonly original: string },
): Promise<void> => {
  let text = original;
  let problems: readonly string[] = [];
  for (;;) {
    writeFileSync(file, withHead(text, problems), { mode: 0o600 });
    await openEditor(context, file);
    const edited = withoutHead(readFileSync(file, 'utf8'));
    if (edited.trim() === '' || edited === original) {
      context.err(`${shortName(of.kind, of.name)}: nothing was changed\n`);
      return;
    }
    if (problems.length > 0 && edited === text)
      throw new CliError(`${problems[0] ?? ''}; nothing was changed, the text is in ${file}`);
    text = edited;
    const refused = await save(context, client, { of, file, text });
    if (refused === null) return;
    problems = refused;
  }
};

const run = async (context: CliContext, words: readonly string[], flags: GlobalFlags): Promise<void> => {
  const [word = '', ...more] = words;
  const { kind, entry, names } = asked(word, more);
  const [name, ...others] = names;
  if (name === undefined || others.length > 0) throw new UsageError('expected one object: edit KIND NAME');
  if (entry.home === 'record') throw new UsageError(`${entry.plural} are written by the controllers`);
  const client = context.connect(flags);
  const cluster = entry.scope === 'Cluster' ? null : await clusterMeant(client, flags);
  const of = { kind, cluster, name };
  const original = yamlText(editable(await valueOf(client.get(of))));
  // what goes wrong from here on leaves the file: it holds somebody's work
  const folder = mkdtempSync(join(tmpdir(), 'scalarium-edit-'));
  const file = join(folder, `${entry.kind.toLowerCase()}-${name}.yaml`);
  await rounds(context, client, { of, file, original });
  rmSync(folder, { recursive: true, force: true });
};

export const register = (program: Command, context: CliContext): void => {
  program
    .command('edit')
    .description('edit an object in $SCALARIUM_EDITOR, $KUBE_EDITOR, $VISUAL, $EDITOR or vi')
    .argument('<kind>', 'KIND, or KIND/NAME')
    .argument('[names...]')
    .action(async (kind: string, names: readonly string[], _flags: unknown, command: Command) => {
      await run(context, [kind, ...names], command.optsWithGlobals());
    });
};
