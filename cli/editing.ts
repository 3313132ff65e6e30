/** The text that `edit` opens, pure: what is left out of it, what stands above it, what it says when it is closed. */
import type { ObjectOf } from '../client/client.js';

/** What the server keeps and a person has no business with. The resourceVersion stays: an edit of what has changed meanwhile is refused. */
export const editable = (object: ObjectOf): object => {
  const { name, namespace, resourceVersion, labels, annotations, ownerReferences } = object.metadata;
  const metadata = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    resourceVersion,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
  };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata, spec: object.spec };
};

const HEAD = [
  'Edit the object, save and close. Lines that begin with "#" are left out; an empty or unchanged file',
  'changes nothing. What is refused is opened again, with the reason here.',
];

const asComment = (line: string): string => `# ${line}`.trimEnd();

/** The file: comments (with what was wrong the last time) and the text. */
export const withHead = (text: string, problems: readonly string[]): string => {
  const told = problems.length === 0 ? [] : ['', 'It was not saved:', ...problems.map((line) => `  ${line}`)];
  return `${[...HEAD, ...told].map(asComment).join('\n')}\n${text}`;
};

/** The text without its comment lines at the top. */
export const withoutHead = (file: string): string => file.replace(/^(?:#.*\r?\n)+/, '');

/** The editor's command line: $SCALARIUM_EDITOR, $KUBE_EDITOR, $VISUAL, $EDITOR, else vi. */
export const editorOf = (env: Readonly<Record<string, string | undefined>>): string =>
  ['SCALARIUM_EDITOR', 'KUBE_EDITOR', 'VISUAL', 'EDITOR']
    .map((name) => env[name]?.trim() ?? '')
    .find((command) => command !== '') ?? 'vi';
