/** Writes into built-in recipes where each resource stands, so that a failure on a host can name file and line. */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** The types of resources, as recipes/resource.ts has them. */
export const resourceTypes = (source) =>
  [...source.matchAll(/^ {2}readonly type: '(\w+)';$/gm)].map(([, type]) => type);

/** The text of a recipe's file in which each literal `type: 'file'` of a resource is followed by its place. Lines stay. */
export const withLines = (text, path, types) => {
  const literal = new RegExp(`(?<!readonly )\\btype: '(?:${types.join('|')})'(?=\\s*[,}]|$)`, 'g');
  return text
    .split('\n')
    .map((line, index) => line.replace(literal, (found) => `${found}, at: '${path}:${index + 1}'`))
    .join('\n');
};

/** For esbuild. */
export const recipeLines = (root) => ({
  name: 'recipe-lines',
  setup: ({ onLoad }) => {
    const types = resourceTypes(readFileSync(join(root, 'recipes/resource.ts'), 'utf8'));
    onLoad({ filter: /[\\/]recipes[\\/](catalog|roles[\\/].*)\.ts$/ }, ({ path }) => ({
      contents: withLines(readFileSync(path, 'utf8'), relative(root, path), types),
      loader: 'ts',
    }));
  },
});
