/** Tags in requests and answers. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError, invalidValue, type Result } from '../api-error.js';
import type { ResourceTags } from '../model.js';
import { one, structs, type Params } from '../query.js';
import type { Xml } from '../xml.js';

const MOST_TAGS = 50;

export const tagSet = (tags: ResourceTags): Xml =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));

const checkTag = (key: string, value: string): string | null => {
  if (key.length === 0 || key.length > 127) return `Tag key must be 1 to 127 characters: '${key}'`;
  if (key.toLowerCase().startsWith('aws:')) return `Tag keys starting with 'aws:' are reserved: '${key}'`;
  return value.length > 255 ? `Tag value exceeds the maximum length of 255 characters: '${key}'` : null;
};

/** `Tag.1.Key`, `Tag.1.Value`, … */
export const tagsOf = (params: Params): Result<ResourceTags> => {
  const tags: [string, string][] = [];
  for (const tag of structs(params, 'Tag')) {
    const [key, value] = [one(tag, 'Key') ?? '', one(tag, 'Value') ?? ''];
    const problem = checkTag(key, value);
    if (problem !== null) return E.left(invalidValue(problem));
    tags.push([key, value]);
  }
  return E.right(Object.fromEntries(tags));
};

/** The tags of `TagSpecification.n` for this type of resource. */
export const specifiedTags = (params: Params, resourceType: string): Result<ResourceTags> => {
  let tags: ResourceTags = {};
  for (const specification of structs(params, 'TagSpecification')) {
    const found = tagsOf(specification);
    if (E.isLeft(found)) return found;
    if (one(specification, 'ResourceType') === resourceType) tags = { ...tags, ...found.right };
  }
  return fewEnough(tags);
};

/** At most 50 tags a resource. */
export const fewEnough = (tags: ResourceTags): Result<ResourceTags> =>
  Object.keys(tags).length > MOST_TAGS
    ? E.left(apiError('TagLimitExceeded', `More than ${String(MOST_TAGS)} tags on one resource`))
    : E.right(tags);
