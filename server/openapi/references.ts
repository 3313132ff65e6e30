/** Schemas refer to others by name; each version of OpenAPI writes that in its own way. */
import type { Schema } from '../../api-types/schema.js';
import { COMMON } from './definitions.js';

type Written = Readonly<Record<string, unknown>>;

/** The schema with every reference in it, however deep, written by `referring`. */
export const mapReferences = (schema: Schema, referring: (schema: Schema) => object): Written => {
  if (schema.$ref !== undefined) return referring(schema) as Written;
  if (schema['x-kubernetes-int-or-string'] === true)
    return referring({ ...schema, $ref: COMMON.intOrString }) as Written;
  const { properties, items, additionalProperties, ...own } = schema;
  const inner = (child: Schema): Written => mapReferences(child, referring);
  return {
    ...own,
    ...(properties === undefined
      ? {}
      : {
          properties: Object.fromEntries(
            Object.entries(properties).map(([name, child]) => [name, inner(child)]),
          ),
        }),
    ...(items === undefined ? {} : { items: inner(items) }),
    ...(additionalProperties === undefined ? {} : { additionalProperties: inner(additionalProperties) }),
  };
};
