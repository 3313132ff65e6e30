/** OpenAPI 2: everything in one document. */
import type { Schema } from '../../api-types/schema.js';
import { GROUP_VERSIONS } from '../discovery/resources.js';
import { allDefinitions } from './definitions.js';
import type { Parameter } from './parameters.js';
import { type Operation, type Path, pathsIn } from './paths.js';
import { mapReferences } from './references.js';

export interface Schema2 extends Omit<Schema, 'properties' | 'items' | 'additionalProperties' | 'nullable'> {
  readonly properties?: Readonly<Record<string, Schema2>>;
  readonly items?: Schema2;
  readonly additionalProperties?: Schema2;
}

export type Parameter2 =
  | (Parameter & { readonly in: 'query' })
  | (Parameter & { readonly in: 'path'; readonly required: true })
  | { readonly name: 'body'; readonly in: 'body'; readonly schema: Schema2 };

export interface Operation2 {
  readonly operationId: string;
  readonly description: string;
  readonly consumes?: readonly string[];
  readonly produces: readonly string[];
  readonly parameters: readonly Parameter2[];
  readonly responses: Readonly<Record<string, { readonly description: string; readonly schema: Schema2 }>>;
  readonly 'x-kubernetes-action': string;
  readonly 'x-kubernetes-group-version-kind': object;
}

export interface Path2 {
  readonly parameters: readonly Parameter2[];
  readonly operations: readonly (readonly [Operation['method'], Operation2])[];
}

export interface Document2 {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Path2>>;
  readonly definitions: Readonly<Record<string, Schema2>>;
}

const reference = (name: string): Schema2 => ({ $ref: `#/definitions/${name}` });

/** OpenAPI 2 knows no `nullable`. */
const withoutNull = (written: unknown): unknown =>
  JSON.parse(JSON.stringify(written), (key, value: unknown) => {
    if (key === 'properties' || typeof value !== 'object' || value === null || !('nullable' in value))
      return value;
    const { nullable, ...rest } = value;
    return nullable === true ? rest : value;
  });

const schemaOf = (schema: Schema): Schema2 =>
  withoutNull(
    mapReferences(schema, ({ $ref = '', ...more }) => ({ ...reference($ref), ...more })),
  ) as Schema2;

const inPath = (parameter: Parameter): Parameter2 => ({ ...parameter, in: 'path', required: true });

const operationOf = ({ method, ...operation }: Operation): Path2['operations'][number] => {
  const { id, description, query, body, answer, action, shows } = operation;
  const sent: readonly Parameter2[] =
    body === null ? [] : [{ name: 'body', in: 'body', schema: reference(body.definition) }];
  const written: Operation2 = {
    operationId: id,
    description,
    ...(body === null ? {} : { consumes: body.consumes }),
    produces: [answer === null ? 'text/plain' : 'application/json'],
    parameters: [...sent, ...query.map((parameter) => ({ ...parameter, in: 'query' as const }))],
    responses: {
      '200': { description: 'OK', schema: answer === null ? { type: 'string' } : reference(answer) },
    },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': shows,
  };
  return [method, written];
};

const pathOf = ({ path, parameters, operations }: Path): readonly [string, Path2] => [
  path,
  { parameters: parameters.map(inPath), operations: operations.map(operationOf) },
];

/** The document, as both its forms are written from. */
export const openapi2 = (): Document2 => ({
  info: { title: 'Scalarium', version: 'v1' },
  paths: Object.fromEntries(GROUP_VERSIONS.flatMap(pathsIn).map(pathOf)),
  definitions: Object.fromEntries(
    Object.entries(allDefinitions()).map(([name, schema]) => [name, schemaOf(schema)]),
  ),
});

/** The document as JSON. */
export const openapi2Json = ({ info, paths, definitions }: Document2): object => ({
  swagger: '2.0',
  info,
  paths: Object.fromEntries(
    Object.entries(paths).map(([path, { parameters, operations }]) => [
      path,
      { ...(parameters.length === 0 ? {} : { parameters }), ...Object.fromEntries(operations) },
    ]),
  ),
  definitions,
});
