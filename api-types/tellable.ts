/** What may be said of a document that is refused. */
import type { KindName } from './kinds.js';
import { type Problem, withoutValues } from './problems.js';

const isSecret = (kind: KindName, { path }: Problem): boolean =>
  kind === 'Secret' || (kind === 'User' && path.startsWith('spec.sshKeys'));

/** Without a Secret's values, and without what was given for a public key: it may have been the private one. */
export const tellable = (kind: KindName, problems: readonly Problem[]): readonly Problem[] =>
  problems.flatMap((problem) => (isSecret(kind, problem) ? withoutValues([problem]) : [problem]));
