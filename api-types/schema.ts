/** What a codec takes, as OpenAPI says it: a structural schema, with what was said of each field. */
import type * as t from 'io-ts';
import { type Description, descriptionOf } from './described.js';
import type { Facts } from './words.js';

export interface Schema {
  /** Another schema by its name; what else is said here is said of the field. */
  readonly $ref?: string;
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly 'x-kubernetes-group-version-kind'?: readonly object[];
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic';
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** The codecs that our kinds are made of, as io-ts tags them. */
type Known =
  | { readonly _tag: 'ExactType'; readonly type: t.Any }
  | { readonly _tag: 'InterfaceType' | 'PartialType'; readonly props: t.AnyProps }
  | { readonly _tag: 'IntersectionType' | 'UnionType'; readonly types: readonly t.Any[] }
  | { readonly _tag: 'ArrayType' | 'ReadonlyArrayType'; readonly type: t.Any }
  | { readonly _tag: 'DictionaryType'; readonly codomain: t.Any }
  | { readonly _tag: 'LiteralType'; readonly value: string | number | boolean }
  | { readonly _tag: 'RefinedType'; readonly base: t.Any; readonly facts: Facts }
  | { readonly _tag: 'AnyDictionaryType' | 'StringType' | 'NumberType' | 'BooleanType' | 'NullType' };

const FREE: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };

const propsOf = (props: t.AnyProps): NonNullable<Schema['properties']> =>
  Object.fromEntries(Object.entries(props).map(([name, codec]) => [name, schemaOf(codec)]));

const merged = (parts: readonly Schema[]): Schema => {
  const required = parts.flatMap((part) => part.required ?? []);
  return {
    type: 'object',
    properties: Object.assign({}, ...parts.map((part) => part.properties ?? {})) as Schema['properties'],
    ...(required.length === 0 ? {} : { required }),
  };
};

const isLiteral = (schema: Schema): boolean => schema.enum?.length === 1;

/** A choice of texts, or something that may be null: our kinds have no other unions. */
const unionOf = (types: readonly t.Any[]): Schema => {
  const isNull = (codec: t.Any): boolean => (codec as unknown as Known)._tag === 'NullType';
  const schemas = types.filter((codec) => !isNull(codec)).map(bare);
  const [only] = schemas;
  const nullable = schemas.length < types.length ? { nullable: true } : {};
  if (schemas.length === 1) return { ...only, ...nullable };
  if (schemas.every(isLiteral))
    return { type: 'string', enum: schemas.flatMap((schema) => schema.enum ?? []), ...nullable };
  return nullable;
};

/** What a refinement says wins; a count or a percentage has no one type. */
const refinedOf = (base: t.Any, facts: Facts): Schema => ({ ...bare(base), ...facts });

/** The schema without what was said of it. */
const bare = (codec: t.Any): Schema => {
  const known = codec as unknown as Known;
  switch (known._tag) {
    case 'ExactType':
      return bare(known.type);
    case 'InterfaceType':
      return { ...merged([{ properties: propsOf(known.props) }]), ...requiring(known.props) };
    case 'PartialType':
      return merged([{ properties: propsOf(known.props) }]);
    case 'IntersectionType':
      return merged(known.types.map(bare));
    case 'UnionType':
      return unionOf(known.types);
    case 'RefinedType':
      return refinedOf(known.base, known.facts);
    case 'LiteralType':
      return { type: 'string', enum: [known.value] };
    default:
      return collectionOrWord(known);
  }
};

const requiring = (props: t.AnyProps): Pick<Schema, 'required'> => {
  const required = Object.keys(props);
  return required.length === 0 ? {} : { required };
};

const collectionOrWord = (
  known: Exclude<Known, { readonly _tag: 'ExactType' | 'InterfaceType' | 'PartialType' }>,
): Schema => {
  switch (known._tag) {
    case 'ArrayType':
    case 'ReadonlyArrayType':
      return { type: 'array', items: schemaOf(known.type), 'x-kubernetes-list-type': 'atomic' };
    case 'DictionaryType':
      return { type: 'object', additionalProperties: schemaOf(known.codomain) };
    case 'AnyDictionaryType':
      return FREE;
    case 'StringType':
      return { type: 'string' };
    case 'NumberType':
      return { type: 'number' };
    case 'BooleanType':
      return { type: 'boolean' };
    default:
      throw new Error(
        `the schema has no words for the codec ${known._tag}: say in api-types/schema.ts what it is`,
      );
  }
};

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const defaultText = (said: Description): string => {
  const value = said.otherwise ?? ('default' in said ? valueText(said.default) : null);
  return value === null ? '' : ` Default: ${value}.`;
};

/** The text of a field with its unit and its default, as manuals print it. */
const fullText = (said: Description): string =>
  `${said.text}${said.unit === undefined ? '' : ` Unit: ${said.unit}.`}${defaultText(said)}`;

/** The schema of a codec; everything below it that was described says so. */
export const schemaOf = (codec: t.Any): Schema => {
  const said = descriptionOf(codec);
  if (said === null) return bare(codec);
  return {
    ...bare(codec),
    description: fullText(said),
    ...('default' in said ? { default: said.default } : {}),
  };
};
