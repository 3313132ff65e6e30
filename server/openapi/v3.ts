/** OpenAPI 3: one document for each group and version. */
import type { Schema } from '../../api-types/schema.js';
import type { GroupVersion } from '../discovery/resources.js';
import { definitionsFor } from './definitions.js';
import type { Parameter } from './parameters.js';
import { type Operation, type Path, pathsIn } from './paths.js';
import { mapReferences } from './references.js';

const reference = (name: string): object => ({ $ref: `#/components/schemas/${name}` });

/** A reference takes no words of its own in OpenAPI 3.0, so it is wrapped where there are some. */
const referring = ({ $ref = '', ...more }: Schema): object =>
  Object.keys(more).length === 0 ? reference($ref) : { allOf: [reference($ref)], ...more };

const parameter =
  (place: 'path' | 'query') =>
  ({ name, type, description }: Parameter): object => ({
    name,
    in: place,
    description,
    ...(place === 'path' ? { required: true } : {}),
    schema: { type },
  });

const contentOf = (types: readonly string[], definition: string): object =>
  Object.fromEntries(types.map((type) => [type, { schema: reference(definition) }]));

const TEXT = { 'text/plain': { schema: { type: 'string' } } };

const operationOf = (operation: Operation): object => {
  const { id, description, query, body, answer, action, shows } = operation;
  return {
    operationId: id,
    description,
    parameters: query.map(parameter('query')),
    ...(body === null ? {} : { requestBody: { content: contentOf(body.consumes, body.definition) } }),
    responses: {
      '200': {
        description: 'OK',
        content: answer === null ? TEXT : contentOf(['application/json'], answer),
      },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': shows,
  };
};

const pathOf = ({ path, parameters, operations }: Path): readonly [string, object] => [
  path,
  {
    ...(parameters.length === 0 ? {} : { parameters: parameters.map(parameter('path')) }),
    ...Object.fromEntries(operations.map((one) => [one.method, operationOf(one)])),
  },
];

/** The document of a group and version. */
export const openapi3 = (groupVersion: GroupVersion): object => {
  const schemas = Object.entries(definitionsFor(groupVersion.resources));
  return {
    openapi: '3.0.0',
    info: { title: 'Scalarium', version: groupVersion.version },
    paths: Object.fromEntries(pathsIn(groupVersion).map(pathOf)),
    components: {
      schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, mapReferences(schema, referring)])),
      securitySchemes: { BearerToken: { type: 'http', scheme: 'bearer' } },
    },
    security: [{ BearerToken: [] }],
  };
};
