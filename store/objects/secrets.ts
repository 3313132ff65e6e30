/** Secrets that came past the API: found, and sealed where they are. */
import { LAST_APPLIED, type SecretSpec } from '../../api-types/kinds/secret.js';
import { sealTexts, type Sealer } from '../../runtime/sealing.js';
import { specKey } from '../keys.js';
import type { Ref, SpecDocument } from './objects.js';

/** Whether the document of a Secret holds values that are not sealed. */
export const isPlainSecret = ({ annotations, spec }: SpecDocument): boolean =>
  (spec as SecretSpec).data !== undefined || Object.hasOwn(annotations ?? {}, LAST_APPLIED);

/** The document with all its values sealed; one that is what the last valid one holds keeps its sealed text. */
export const sealedInPlace = (
  ref: Ref,
  document: SpecDocument,
  lastValid: SpecDocument | null,
  sealer: Sealer,
): SpecDocument => {
  const { data, sealed } = document.spec as SecretSpec;
  const before = (lastValid?.spec as SecretSpec | undefined)?.sealed ?? {};
  const annotations = Object.entries(document.annotations ?? {}).filter(([name]) => name !== LAST_APPLIED);
  return {
    ...document,
    annotations: Object.fromEntries(annotations),
    spec: { sealed: { ...sealed, ...sealTexts(sealer, specKey(ref), data ?? {}, before) } },
  };
};
