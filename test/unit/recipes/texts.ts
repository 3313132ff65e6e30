/** What files of a host say, with secrets that are told by their names, for tests of recipes. */
import type { Lifecycle } from '../../../api-types/lifecycle.js';
import type { Snapshot } from '../../../api-types/snapshot.js';
import { recipeFor } from '../../../recipes/catalog.js';
import type { Resource } from '../../../recipes/resource.js';
import { resourceId } from '../../../recipes/resource.js';
import { openSecrets, type SecretSource } from '../../../recipes/secrets.js';
import { fill } from '../../../recipes/template.js';

/** Each has every key: the value of `password` of `db-mysql` is `db-mysql/password`. */
export const namedSecrets: SecretSource = (name) =>
  Promise.resolve(
    Object.fromEntries(['password', 'certificate', 'key', 'api'].map((key) => [key, `${name}/${key}`])),
  );

const textOf = async (resource: Resource): Promise<string | null> => {
  if (resource.type === 'file') return resource.content;
  return resource.type === 'template' ? (await fill(resource, openSecrets(namedSecrets))).text : null;
};

/** The whole text of a file; null: the host gets no such file. */
export const fileOf = async (snapshot: Snapshot, instance: string, path: string): Promise<string | null> => {
  const found = recipeFor('configure', snapshot, instance).find(
    (resource) => 'path' in resource && resource.path === path,
  );
  return found === undefined ? null : textOf(found);
};

/** As `fileOf`; throws when there is none. */
export const theFile = async (snapshot: Snapshot, instance: string, path: string): Promise<string> => {
  const text = await fileOf(snapshot, instance, path);
  if (text === null) throw new Error(`${instance} gets no ${path}`);
  return text;
};

/** By id, in order; those of one family only. */
export const idsOf = (event: Lifecycle, snapshot: Snapshot, instance: string): readonly string[] =>
  recipeFor(event, snapshot, instance)
    .filter(({ family }) => family !== 'redhat')
    .map(resourceId);

/** The one of this id. */
export const theResource = (snapshot: Snapshot, instance: string, id: string): Resource => {
  const found = recipeFor('configure', snapshot, instance).find((resource) => resourceId(resource) === id);
  if (found === undefined) throw new Error(`${instance} has no ${id}`);
  return found;
};
