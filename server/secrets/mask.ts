/** Secrets as they are shown: which values there are, and none of them. */
import { LAST_APPLIED, type SecretSpec } from '../../api-types/kinds/secret.js';
import type { Labels } from '../../api-types/metadata.js';
import { type Texts, ownText } from '../../runtime/sealing.js';

/** Stands for a value that is not shown; written back, it keeps the value that is there. */
export const HIDDEN = '(hidden)';

/** Names of all values, sealed or (put by hand, a moment ago) not yet. */
const namesOf = ({ data, sealed }: SecretSpec): readonly string[] => [
  ...new Set([...Object.keys(sealed ?? {}), ...Object.keys(data ?? {})]),
];

/** The spec of a Secret with a mask for each value, or for those that are not in `shown`. */
export const maskedSpec = (spec: SecretSpec, shown: Texts = {}): { readonly data: Texts } => ({
  data: Object.fromEntries(namesOf(spec).map((name) => [name, ownText(shown, name) ?? HIDDEN])),
});

/** Without the copy of the document that kubectl would keep there. */
export const withoutLastApplied = (annotations: Labels): Labels =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== LAST_APPLIED));
