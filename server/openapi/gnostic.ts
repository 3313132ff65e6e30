/** OpenAPI 2 in the protobuf of gnostic, the only form in which some Kubernetes clients ask for it. */
import protobuf from 'protobufjs/light.js';
import { GNOSTIC } from './gnostic-messages.js';
import type { Document2, Operation2, Parameter2, Path2, Schema2 } from './v2.js';

type Message = Readonly<Record<string, unknown>>;

const typeOf = (name: string): protobuf.Type => {
  const type = new protobuf.Type(name);
  for (const [field, [number, kind]] of Object.entries(GNOSTIC[name] ?? {}))
    type.add(
      kind.startsWith('*')
        ? new protobuf.Field(field, number, kind.slice(1), 'repeated')
        : new protobuf.Field(field, number, kind),
    );
  return type;
};

/** gnostic's Document, for writing and (in tests) for reading. */
export const documentType = (): protobuf.Type => {
  const root = new protobuf.Root();
  for (const name of Object.keys(GNOSTIC)) root.add(typeOf(name));
  return root.lookupType('Document');
};

/** A value of any shape: gnostic keeps its YAML, and JSON is YAML. */
const any = (value: unknown): Message => ({ yaml: JSON.stringify(value) });

const named = <A>(all: Readonly<Record<string, A>>, write: (one: A) => Message): readonly Message[] =>
  Object.entries(all).map(([name, one]) => ({ name, value: write(one) }));

const extensions = (all: object): readonly Message[] =>
  named(Object.fromEntries(Object.entries(all).filter(([name]) => name.startsWith('x-'))), any);

/** Keywords that gnostic has under the same name and in the same form. */
const AS_THEY_ARE = [
  'format',
  'description',
  'maximum',
  'minimum',
  'maxLength',
  'minLength',
  'pattern',
  'required',
] as const;

const plainKeywords = (schema: Schema2): Message =>
  Object.fromEntries(
    AS_THEY_ARE.flatMap((name) => (schema[name] === undefined ? [] : [[name, schema[name]]])),
  );

const given = <A>(name: string, value: A | undefined, write: (value: A) => unknown): Message =>
  value === undefined ? {} : { [name]: write(value) };

const schemaMessage = (schema: Schema2): Message => ({
  ...plainKeywords(schema),
  ...('default' in schema ? { default: any(schema.default) } : {}),
  ...given('Ref', schema.$ref, (name) => name),
  ...given('type', schema.type, (type) => ({ value: [type] })),
  ...given('enum', schema.enum, (values) => values.map(any)),
  ...given('items', schema.items, (item) => ({ schema: [schemaMessage(item)] })),
  ...given('properties', schema.properties, (all) => ({ additionalProperties: named(all, schemaMessage) })),
  ...given('additionalProperties', schema.additionalProperties, (one) => ({ schema: schemaMessage(one) })),
  vendorExtension: extensions(schema),
});

const parameterMessage = (parameter: Parameter2): Message => {
  if (parameter.in === 'body') {
    const { name, in: place, schema } = parameter;
    return {
      parameter: { bodyParameter: { name, in: place, required: true, schema: schemaMessage(schema) } },
    };
  }
  const kind = parameter.in === 'path' ? 'pathParameterSubSchema' : 'queryParameterSubSchema';
  return { parameter: { nonBodyParameter: { [kind]: parameter } } };
};

const operationMessage = ({
  operationId,
  description,
  produces,
  consumes,
  ...more
}: Operation2): Message => ({
  operationId,
  description,
  produces,
  consumes: consumes ?? [],
  parameters: more.parameters.map(parameterMessage),
  responses: {
    responseCode: named(more.responses, (response) => ({
      response: {
        description: response.description,
        schema: { schema: schemaMessage(response.schema) },
      },
    })),
  },
  vendorExtension: extensions(more),
});

const pathMessage = ({ parameters, operations }: Path2): Message => ({
  ...Object.fromEntries(operations.map(([method, operation]) => [method, operationMessage(operation)])),
  parameters: parameters.map(parameterMessage),
});

/** The document as bytes. */
export const gnosticBytes = ({ info, paths, definitions }: Document2): Buffer => {
  const message: Message = {
    swagger: '2.0',
    info,
    paths: { path: named(paths, pathMessage) },
    definitions: { additionalProperties: named(definitions, schemaMessage) },
  };
  return Buffer.from(documentType().encode(message).finish());
};
