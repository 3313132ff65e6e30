/** Templates of `-o jsonpath=`: texts, `{.path}`, `{"\n"}`, `{range .path}…{end}`. */
import { UsageError } from '../context.js';
import { type Path, pathOf, textOf, valuesAt } from './jsonpath.js';

type Node =
  | { readonly node: 'text'; readonly text: string }
  | { readonly node: 'path'; readonly path: Path }
  | { readonly node: 'range'; readonly path: Path; readonly body: Template };
export type Template = readonly Node[];

type Token = { readonly text: string } | { readonly inside: string };

/** The end of a brace that opens at `start`: quotes may hold one. */
const braceEnd = (text: string, start: number): number => {
  let quote = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const letter = text.charAt(at);
    if (quote !== '') {
      if (letter === '\\') at += 1;
      else if (letter === quote) quote = '';
    } else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '}') return at;
  }
  throw new UsageError(`-o jsonpath: a { is not closed in "${text}"`);
};

const tokensOf = (text: string): readonly Token[] => {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const start = text.indexOf('{', at);
    if (start < 0) return [...tokens, { text: text.slice(at) }];
    if (start > at) tokens.push({ text: text.slice(at, start) });
    const end = braceEnd(text, start);
    tokens.push({ inside: text.slice(start + 1, end).trim() });
    at = end + 1;
  }
  return tokens;
};

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

const unescaped = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_all, letter: string) => ESCAPES[letter] ?? letter);

const nodeOf = (inside: string): Node => {
  const quoted = /^"(.*)"$|^'(.*)'$/s.exec(inside);
  if (quoted !== null) return { node: 'text', text: unescaped(quoted[1] ?? quoted[2] ?? '') };
  return { node: 'path', path: pathOf(inside) };
};

/** Nodes up to the `{end}` of their range. */
const nodesOf = (tokens: Token[], inRange: boolean): Template => {
  const nodes: Node[] = [];
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    if ('text' in token) nodes.push({ node: 'text', text: token.text });
    else if (token.inside === 'end') {
      if (inRange) return nodes;
      throw new UsageError('-o jsonpath: {end} without {range …}');
    } else if (/^range\s/.test(token.inside)) {
      const path = pathOf(token.inside.slice('range'.length));
      nodes.push({ node: 'range', path, body: nodesOf(tokens, true) });
    } else nodes.push(nodeOf(token.inside));
  }
  if (inRange) throw new UsageError('-o jsonpath: {range …} without {end}');
  return nodes;
};

/** A template as typed; without any brace it is one path. */
export const templateOf = (text: string): Template => {
  if (text === '') throw new UsageError("-o jsonpath: expected a template, as jsonpath='{.metadata.name}'");
  return nodesOf([...tokensOf(text.includes('{') ? text : `{${text}}`)], false);
};

/** The template filled in from a value; several values of a path are parted by spaces. */
export const filledIn = (template: Template, value: unknown): string =>
  template
    .map((node) => {
      if (node.node === 'text') return node.text;
      const found = valuesAt(value, node.path);
      if (node.node === 'path') return found.map(textOf).join(' ');
      return found.map((one) => filledIn(node.body, one)).join('');
    })
    .join('');
