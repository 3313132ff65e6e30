/** Whom an agent trusts: the authority that its user data brought, and no other. */
import { createSecureContext, type SecureContext } from 'node:tls';

const contexts = new Map<string, SecureContext>();

/** Options of a connection; one context serves all agents of a process. Null: the system's authorities. */
export const trusting = (authority: string | null): { readonly secureContext?: SecureContext } => {
  if (authority === null) return {};
  const known = contexts.get(authority);
  if (known !== undefined) return { secureContext: known };
  const secureContext = createSecureContext({ ca: authority, minVersion: 'TLSv1.2' });
  contexts.set(authority, secureContext);
  return { secureContext };
};
