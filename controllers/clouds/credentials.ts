/** The keys that a Cloud's calls are signed with, from the Secret that it names. */
import * as E from 'fp-ts/lib/Either.js';
import type { CloudSpec } from '../../api-types/kinds/cloud.js';
import { SYSTEM_NAMESPACE } from '../../api-types/metadata.js';
import { stalled, type Failure } from '../../runtime/failure.js';
import { openTexts, ownText, type Sealer, type Texts } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import type { Live, Objects, Ref } from '../../store/objects/objects.js';

export interface CloudCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const named = (name: string): string => `Secret ${SYSTEM_NAMESPACE}/${name}`;

const textsOf = ({ ref, spec }: Live<'Secret'>, sealer: Sealer): E.Either<Failure, Texts> => {
  const opened = openTexts(sealer, specKey(ref), spec.sealed ?? {});
  if (E.isLeft(opened)) return E.left(stalled('SecretUnreadable', opened.left));
  // put by hand a moment ago, and not sealed yet
  return E.right({ ...opened.right, ...spec.data });
};

const credentialsIn = (name: string, texts: Texts): E.Either<Failure, CloudCredentials> => {
  const accessKeyId = ownText(texts, 'accessKeyId') ?? '';
  const secretAccessKey = ownText(texts, 'secretAccessKey') ?? '';
  const sessionToken = ownText(texts, 'sessionToken');
  const missing = Object.entries({ accessKeyId, secretAccessKey })
    .filter(([, text]) => text === '')
    .map(([key]) => key);
  if (missing.length > 0)
    return E.left(
      stalled(
        'SecretIncomplete',
        `${named(name)} has no ${missing.join(' and no ')}; it must hold accessKeyId and secretAccessKey, and may hold sessionToken`,
      ),
    );
  return E.right({ accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) });
};

/** The Secret a Cloud names, or null where it names none. */
export const secretOf = ({ credentials }: CloudSpec): Ref<'Secret'> | null =>
  credentials === undefined ? null : { kind: 'Secret', cluster: SYSTEM_NAMESPACE, name: credentials.secret };

/** What a Cloud's calls are signed with; null: it names no Secret. Stalled when a person must see to the Secret. */
export const credentialsOf = (
  objects: Objects,
  sealer: Sealer,
  spec: CloudSpec,
): E.Either<Failure, CloudCredentials | null> => {
  const ref = secretOf(spec);
  if (ref === null) return E.right(null);
  const live = objects.get(ref);
  if (live === null || live.deletion !== null)
    return E.left(stalled('SecretNotFound', `there is no ${named(ref.name)}`));
  const texts = textsOf(live, sealer);
  return E.isLeft(texts) ? texts : credentialsIn(ref.name, texts.right);
};
