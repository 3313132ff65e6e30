/** What is taken as it was sent, and may be a slip all the same: told with the answer. */
import type { GrantSpec } from '../../api-types/kinds/grant.js';
import type { SentManifest } from '../../api-types/manifest.js';
import { API_VERSION } from '../../api-types/metadata.js';
import { userRef } from '../access/tokens.js';
import { findView } from '../views/views.js';
import type { Writing } from './writing.js';

/** Who there is, is told to those only who may know. */
const maySeeUser = ({ context, caller }: Writing, name: string): boolean => {
  const view = findView(API_VERSION, 'users');
  if (view === null) return false;
  const resource = { view, cluster: null, name, sub: null };
  return context.access.decide(caller, { verb: 'get', path: '', resource }).allowed;
};

/** Warnings for whoever writes this. */
export const noticesOf = (writing: Writing, { kind, spec }: SentManifest): readonly string[] => {
  if (kind !== 'Grant') return [];
  const { user } = spec as GrantSpec;
  // somebody of the provider who has no User
  if (user === undefined || user.startsWith('oidc:')) return [];
  if (!maySeeUser(writing, user) || writing.context.objects.get(userRef(user)) !== null) return [];
  return [`there is no user "${user}": the grant holds for whoever is given that name`];
};
