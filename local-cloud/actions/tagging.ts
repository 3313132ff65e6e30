/** CreateTags, DeleteTags and DescribeTags, on machines, key pairs, groups and the fixed resources. */
import * as E from 'fp-ts/lib/Either.js';
import { apiError, missingParameter, type Result } from '../api-error.js';
import { IMAGES, SUBNETS, VPC } from '../catalogue.js';
import type { Action, LocalCloud } from '../context.js';
import { filterOf, type FilterTable } from '../filters.js';
import type { Change, ResourceTags } from '../model.js';
import { pageOf } from '../pages.js';
import { list, one, structs, type Params } from '../query.js';
import { notFound } from './ids.js';
import { fewEnough, tagsOf } from './tags-xml.js';

interface Tagged {
  readonly id: string;
  readonly type: string;
  readonly tags: ResourceTags;
  readonly withTags: (tags: ResourceTags) => Change;
}

const FIXED_TYPES: ReadonlyMap<string, string> = new Map([
  [VPC.id, 'vpc'],
  ...SUBNETS.map(({ id }) => [id, 'subnet'] as const),
  ...IMAGES.map(({ id }) => [id, 'image'] as const),
]);

const taggedMachine = ({ world }: LocalCloud, id: string): Tagged | null => {
  const machine = world.machines.get(id);
  if (machine === undefined) return null;
  return {
    id,
    type: 'instance',
    tags: machine.tags,
    withTags: (tags) => ['machines', id, { ...machine, tags }],
  };
};

const taggedGroup = ({ world }: LocalCloud, id: string): Tagged | null => {
  const group = world.groups.get(id);
  if (group === undefined) return null;
  return {
    id,
    type: 'security-group',
    tags: group.tags,
    withTags: (tags) => ['groups', id, { ...group, tags }],
  };
};

const taggedKeyPair = ({ world }: LocalCloud, id: string): Tagged | null => {
  const pair = [...world.keyPairs.values()].find((candidate) => candidate.id === id);
  if (pair === undefined) return null;
  return {
    id,
    type: 'key-pair',
    tags: pair.tags,
    withTags: (tags) => ['keyPairs', pair.name, { ...pair, tags }],
  };
};

const taggedFixed = ({ world }: LocalCloud, id: string): Tagged | null => {
  const type = FIXED_TYPES.get(id);
  if (type === undefined) return null;
  return { id, type, tags: world.fixedTags.get(id) ?? {}, withTags: (tags) => ['fixedTags', id, tags] };
};

const tagged = (cloud: LocalCloud, id: string): Tagged | null =>
  taggedMachine(cloud, id) ?? taggedGroup(cloud, id) ?? taggedKeyPair(cloud, id) ?? taggedFixed(cloud, id);

/** The resources a call names; one that does not exist refuses them all. */
const namedResources = (cloud: LocalCloud, params: Params): Result<readonly Tagged[]> => {
  const ids = list(params, 'ResourceId');
  if (ids.length === 0) return E.left(missingParameter('ResourceId'));
  const found: Tagged[] = [];
  for (const id of new Set(ids)) {
    const resource = tagged(cloud, id);
    if (resource === null)
      return E.left(
        id.startsWith('i-') ? notFound([id]) : apiError('InvalidID', `The ID '${id}' is not valid`),
      );
    found.push(resource);
  }
  return E.right(found);
};

export const CreateTags: Action = {
  handle: (cloud, params) => {
    const tags = tagsOf(params);
    if (E.isLeft(tags)) return tags;
    if (Object.keys(tags.right).length === 0) return E.left(missingParameter('Tag'));
    const resources = namedResources(cloud, params);
    if (E.isLeft(resources)) return resources;
    const changes: Change[] = [];
    for (const resource of resources.right) {
      const together = fewEnough({ ...resource.tags, ...tags.right });
      if (E.isLeft(together)) return together;
      changes.push(resource.withTags(together.right));
    }
    cloud.world.commit(changes);
    return E.right({ return: true });
  },
};

/** A tag given with its value goes only when it has that value; without tags all go. */
const without = (tags: ResourceTags, unwanted: readonly Params[]): ResourceTags =>
  Object.fromEntries(
    Object.entries(tags).filter(
      ([key, value]) =>
        unwanted.length > 0 &&
        !unwanted.some((tag) => one(tag, 'Key') === key && (one(tag, 'Value') ?? value) === value),
    ),
  );

export const DeleteTags: Action = {
  handle: (cloud, params) => {
    const resources = namedResources(cloud, params);
    if (E.isLeft(resources)) return resources;
    const unwanted = structs(params, 'Tag');
    cloud.world.commit(resources.right.map(({ tags, withTags }) => withTags(without(tags, unwanted))));
    return E.right({ return: true });
  },
};

interface TagRow {
  readonly resourceId: string;
  readonly resourceType: string;
  readonly key: string;
  readonly value: string;
}

const TAG_FILTERS: FilterTable<TagRow> = {
  key: ({ key }) => [key],
  value: ({ value }) => [value],
  'resource-id': ({ resourceId }) => [resourceId],
  'resource-type': ({ resourceType }) => [resourceType],
};

const tagRows = (cloud: LocalCloud): readonly TagRow[] => {
  const { world } = cloud;
  const ids = [
    ...cloud.faults.shown().keys(),
    ...world.groups.keys(),
    ...[...world.keyPairs.values()].map(({ id }) => id),
    ...world.fixedTags.keys(),
  ];
  return ids.flatMap((id) => {
    const resource = tagged(cloud, id);
    if (resource === null) return [];
    return Object.entries(resource.tags).map(([key, value]) => ({
      resourceId: id,
      resourceType: resource.type,
      key,
      value,
    }));
  });
};

export const DescribeTags: Action = {
  handle: (cloud, params) => {
    const matches = filterOf(params, TAG_FILTERS, ({ key, value }) => ({ [key]: value }));
    if (E.isLeft(matches)) return matches;
    const rows = tagRows(cloud).filter(matches.right);
    const page = pageOf(
      params,
      rows.map((row, position) => ({ row, position })),
      ({ position }) => position,
    );
    if (E.isLeft(page)) return page;
    return E.right({
      tagSet: page.right.items.map(({ row }) => ({ ...row })),
      nextToken: page.right.nextToken,
    });
  },
};
