/** Secrets between the API, where values are texts in `spec.data`, and the store, where `spec.sealed` is all there is. */
import * as E from 'fp-ts/lib/Either.js';
import { LAST_APPLIED, type SecretSpec } from '../../api-types/kinds/secret.js';
import type { ApiObject } from '../../api-types/metadata.js';
import type { Problem } from '../../api-types/problems.js';
import { type Sealer, type Texts, ownText, sealTexts } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import type { Live, Ref, SpecDocument } from '../../store/objects/objects.js';
import { presented } from '../present.js';
import { HIDDEN, maskedSpec, withoutLastApplied } from './mask.js';

export const isSecret = (live: Live): live is Live<'Secret'> => live.ref.kind === 'Secret';

/** The values that open, and why the others do not. */
const openedData = (
  live: Live<'Secret'>,
  sealer: Sealer,
): { readonly texts: Texts; readonly problems: readonly string[] } => {
  const { data, sealed } = live.spec;
  const key = specKey(live.ref);
  const problems: string[] = [];
  const opened = Object.entries(sealed ?? {}).flatMap(([field, text]) => {
    const plain = sealer.open(text, { key, field });
    if (E.isRight(plain)) return [[field, plain.right] as const];
    problems.push(plain.left);
    return [];
  });
  return { texts: { ...Object.fromEntries(opened), ...data }, problems };
};

/** A Secret with its values, for those who may see them; one that does not open stays masked, and `warnings` say why. */
export const revealed = (
  live: Live<'Secret'>,
  sealer: Sealer,
): { readonly object: ApiObject; readonly warnings: readonly string[] } => {
  const { texts, problems } = openedData(live, sealer);
  return { object: { ...presented(live), spec: maskedSpec(live.spec, texts) }, warnings: problems };
};

const fromPeople = ({ sealed }: SecretSpec): readonly Problem[] =>
  sealed === undefined
    ? []
    : [
        {
          path: 'spec.sealed',
          expected: 'nothing (the control plane seals; give the values as texts in spec.data)',
          got: 'sealed texts',
        },
      ];

const nothingToKeep = (data: Texts, kept: SecretSpec): readonly Problem[] =>
  Object.entries(data)
    .filter(([name, text]) => text === HIDDEN && !Object.hasOwn({ ...kept.sealed, ...kept.data }, name))
    .map(([name]) => ({
      path: `spec.data.${name}`,
      expected: 'a value',
      got: `the mask ${HIDDEN}, which keeps a value, and there is none yet`,
    }));

/** The masks taken for what is there: sealed texts stay as they are, the rest is sealed. */
const sealedAll = (
  ref: Ref,
  data: Texts,
  { kept, compared }: { readonly kept: SecretSpec; readonly compared: boolean },
  sealer: Sealer,
): Texts => {
  const before = kept.sealed ?? {};
  const texts = Object.fromEntries(
    Object.entries(data).flatMap(([name, text]) => {
      const value = text === HIDDEN ? ownText(kept.data, name) : text;
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const sealed = sealTexts(sealer, specKey(ref), texts, compared ? before : {});
  return Object.fromEntries(
    Object.keys(data).map((name) => [name, ownText(sealed, name) ?? ownText(before, name) ?? '']),
  );
};

export interface SealedDocument {
  readonly document: SpecDocument;
  /** For people, with the answer. */
  readonly warnings: readonly string[];
}

const DROPPED = `the annotation ${LAST_APPLIED} is not kept on Secrets, since it holds the values in plain: apply with --server-side`;

/** What was there before a Secret is written. */
export interface Kept {
  /** The Secret whose values masks keep; null: there is none. */
  readonly live: Live | null;
  /**
   * Whether its sealed texts stay where the value is the same. Only for those who may see the values: that nothing
   * changes would tell anybody else that they have guessed right.
   */
  readonly compared: boolean;
}

/** What a person sent as the store is to have it. */
export const sealedDocument = (
  ref: Ref,
  document: SpecDocument,
  { live, compared }: Kept,
  sealer: Sealer,
): E.Either<readonly Problem[], SealedDocument> => {
  const spec = document.spec as SecretSpec;
  const kept: SecretSpec = live !== null && isSecret(live) ? live.spec : {};
  const data = spec.data ?? {};
  const problems = [...fromPeople(spec), ...nothingToKeep(data, kept)];
  if (problems.length > 0) return E.left(problems);
  const annotations = document.annotations ?? {};
  return E.right({
    document: {
      ...document,
      annotations: withoutLastApplied(annotations),
      spec: { sealed: sealedAll(ref, data, { kept, compared }, sealer) },
    },
    warnings: Object.hasOwn(annotations, LAST_APPLIED) ? [DROPPED] : [],
  });
};
