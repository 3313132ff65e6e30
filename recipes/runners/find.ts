/**
 * Where a recipe is: in the first pack that has a folder of its cookbook's name. What that folder holds says which runner
 * is meant; the layouts are in docs/recipes.md.
 */
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CookbookPack } from '../../api-types/cookbooks.js';
import { ifThere } from '../place.js';
import type { FoundRecipe } from './work.js';

/** A source's pack, unpacked. */
export interface UnpackedPack {
  readonly pack: CookbookPack;
  readonly folder: string;
}

interface Wanted {
  readonly name: string;
  readonly cookbook: string;
  readonly recipe: string;
}

interface Cookbook extends Wanted {
  readonly folder: string;
  /** What is in it. */
  readonly names: readonly string[];
}

const wantedIn = (name: string): Wanted => {
  const [cookbook = '', recipe = 'default'] = name.split('::');
  return { name, cookbook, recipe };
};

const namesIn = async (folder: string): Promise<readonly string[]> =>
  (await ifThere(() => readdir(folder)))?.sort() ?? [];

const isFile = async (path: string): Promise<boolean> => (await ifThere(() => stat(path)))?.isFile() === true;

const firstFile = async (folder: string, names: readonly string[]): Promise<string | null> => {
  for (const name of names) if (await isFile(join(folder, name))) return join(folder, name);
  return null;
};

const CHEF_FILES = ['metadata.rb', 'metadata.json'];
const CHEF_RECIPES = ['rb', 'yml', 'yaml', 'json'];

const isChef = async ({ folder, names }: Cookbook): Promise<boolean> =>
  CHEF_FILES.some((name) => names.includes(name)) ||
  (await namesIn(join(folder, 'recipes'))).some((name) => name.endsWith('.rb'));

const chefRecipe = async (cookbook: Cookbook): Promise<FoundRecipe> => {
  const { folder, name } = cookbook;
  const recipe = cookbook.recipe.replace(/\.rb$/, '');
  const places = CHEF_RECIPES.map((kind) => `recipes/${recipe}.${kind}`);
  const found = await firstFile(folder, recipe === 'default' ? [...places, 'recipe.rb'] : places);
  if (found === null)
    throw new Error(
      `the cookbook is Chef's and has no recipe "${recipe}": expected recipes/${recipe}.rb in it`,
    );
  return { name, cookbook: cookbook.cookbook, recipe, runner: 'chef', folder, file: folder };
};

const playbookOf = ({ folder, recipe }: Cookbook): Promise<string | null> => {
  const named = /\.ya?ml$/.test(recipe) ? [recipe] : [`${recipe}.yml`, `${recipe}.yaml`];
  const places = [...named, ...named.map((name) => `playbooks/${name}`)];
  return firstFile(folder, recipe === 'default' ? [...places, 'playbook.yml'] : places);
};

const isExecutable = async (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

const filesOf = async ({ folder, names, recipe }: Cookbook): Promise<readonly string[]> => {
  const files: string[] = [];
  for (const name of names)
    if ((name === recipe || name.startsWith(`${recipe}.`)) && (await isFile(join(folder, name))))
      files.push(name);
  return files;
};

/** A script is called by its whole name or without what follows a dot. */
const programOf = async (cookbook: Cookbook): Promise<string | null> => {
  const { folder, recipe } = cookbook;
  const files = await filesOf(cookbook);
  const programs: string[] = [];
  for (const name of files) if (await isExecutable(join(folder, name))) programs.push(name);
  if (programs.includes(recipe)) return join(folder, recipe);
  if (programs.length > 1) throw new Error(`which is meant of ${programs.join(', ')}? name it whole`);
  const [program] = programs;
  if (program === undefined && files.length > 0)
    throw new Error(`${files.join(', ')} is there and not executable: chmod +x, and commit that`);
  return program === undefined ? null : join(folder, program);
};

const SHOWN = 10;

const missing = ({ recipe, names }: Cookbook): Error => {
  const there = names.length === 0 ? 'nothing' : names.slice(0, SHOWN).join(', ');
  const more = names.length > SHOWN ? ', …' : '';
  return new Error(
    `the cookbook has no recipe "${recipe}": expected recipes/${recipe}.rb (Chef), ${recipe}.yml (Ansible) or an executable ${recipe} or ${recipe}.* (script); in it: ${there}${more}`,
  );
};

const recipeIn = async (cookbook: Cookbook): Promise<FoundRecipe> => {
  if (await isChef(cookbook)) return chefRecipe(cookbook);
  const { name, recipe, folder } = cookbook;
  const common = { name, cookbook: cookbook.cookbook, recipe, folder };
  const playbook = await playbookOf(cookbook);
  if (playbook !== null) return { ...common, runner: 'ansible', file: playbook };
  const program = await programOf(cookbook);
  if (program !== null) return { ...common, runner: 'script', file: program };
  throw missing(cookbook);
};

const isDirectory = async (path: string): Promise<boolean> =>
  (await ifThere(() => stat(path)))?.isDirectory() === true;

const called = ({ name, revision }: CookbookPack): string => `${name} (${revision.slice(0, 12)})`;

/** Throws, for people, with the recipe's name and where it was looked for. */
export const findRecipe = async (name: string, packs: readonly UnpackedPack[]): Promise<FoundRecipe> => {
  const wanted = wantedIn(name);
  for (const { pack, folder: top } of packs) {
    const folder = join(top, wanted.cookbook);
    if (!(await isDirectory(folder))) continue;
    try {
      return await recipeIn({ ...wanted, folder, names: await namesIn(folder) });
    } catch (error) {
      throw new Error(`recipe ${name}, from ${called(pack)}: ${(error as Error).message}`, { cause: error });
    }
  }
  const where = packs.map(({ pack }) => called(pack)).join(', ');
  throw new Error(
    where === ''
      ? `recipe ${name}: the cluster has no cookbooks yet: give it spec.cookbooks, and see "scalarium cookbooks"`
      : `recipe ${name}: no source has a cookbook "${wanted.cookbook}"; looked in ${where}: expected a folder of that name at the top, or below the source's "path"`,
  );
};
