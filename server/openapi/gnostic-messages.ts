/**
 * The messages of gnostic's OpenAPIv2.proto that our document needs, as `field: [number, type]`; `*` before a type:
 * repeated. A name in front of another in the same message is no order: the numbers are what is on the wire.
 */
export type FieldOf = readonly [number: number, type: string];

const NAMED = (value: string): Readonly<Record<string, FieldOf>> => ({
  name: [1, 'string'],
  value: [2, value],
});

export const GNOSTIC: Readonly<Record<string, Readonly<Record<string, FieldOf>>>> = {
  AdditionalPropertiesItem: { schema: [1, 'Schema'] },
  Any: { yaml: [2, 'string'] },
  BodyParameter: { name: [2, 'string'], in: [3, 'string'], required: [4, 'bool'], schema: [5, 'Schema'] },
  Definitions: { additionalProperties: [1, '*NamedSchema'] },
  Document: {
    swagger: [1, 'string'],
    info: [2, 'Info'],
    paths: [8, 'Paths'],
    definitions: [9, 'Definitions'],
  },
  Info: { title: [1, 'string'], version: [2, 'string'] },
  ItemsItem: { schema: [1, '*Schema'] },
  NamedAny: NAMED('Any'),
  NamedPathItem: NAMED('PathItem'),
  NamedResponseValue: NAMED('ResponseValue'),
  NamedSchema: NAMED('Schema'),
  NonBodyParameter: {
    queryParameterSubSchema: [3, 'QueryParameterSubSchema'],
    pathParameterSubSchema: [4, 'PathParameterSubSchema'],
  },
  Operation: {
    description: [3, 'string'],
    operationId: [5, 'string'],
    produces: [6, '*string'],
    consumes: [7, '*string'],
    parameters: [8, '*ParametersItem'],
    responses: [9, 'Responses'],
    vendorExtension: [13, '*NamedAny'],
  },
  Parameter: { bodyParameter: [1, 'BodyParameter'], nonBodyParameter: [2, 'NonBodyParameter'] },
  ParametersItem: { parameter: [1, 'Parameter'] },
  PathItem: {
    get: [2, 'Operation'],
    put: [3, 'Operation'],
    post: [4, 'Operation'],
    delete: [5, 'Operation'],
    patch: [8, 'Operation'],
    parameters: [9, '*ParametersItem'],
  },
  PathParameterSubSchema: {
    required: [1, 'bool'],
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [5, 'string'],
  },
  Paths: { path: [2, '*NamedPathItem'] },
  Properties: { additionalProperties: [1, '*NamedSchema'] },
  QueryParameterSubSchema: {
    in: [2, 'string'],
    description: [3, 'string'],
    name: [4, 'string'],
    type: [6, 'string'],
  },
  Response: { description: [1, 'string'], schema: [2, 'SchemaItem'] },
  ResponseValue: { response: [1, 'Response'] },
  Responses: { responseCode: [1, '*NamedResponseValue'] },
  Schema: {
    Ref: [1, 'string'],
    format: [2, 'string'],
    description: [4, 'string'],
    default: [5, 'Any'],
    maximum: [7, 'double'],
    minimum: [9, 'double'],
    maxLength: [11, 'int64'],
    minLength: [12, 'int64'],
    pattern: [13, 'string'],
    required: [19, '*string'],
    enum: [20, '*Any'],
    additionalProperties: [21, 'AdditionalPropertiesItem'],
    type: [22, 'TypeItem'],
    items: [23, 'ItemsItem'],
    properties: [25, 'Properties'],
    vendorExtension: [31, '*NamedAny'],
  },
  SchemaItem: { schema: [1, 'Schema'] },
  TypeItem: { value: [1, '*string'] },
};
