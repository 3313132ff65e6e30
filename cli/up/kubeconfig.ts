/** `<data>/kubeconfig`: how kubectl and everything like it reaches the control plane, as the User `admin`. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { writePrivateSync } from '../../runtime/private-file.js';

interface Reached {
  /** For clients anywhere. */
  readonly advertised: string;
  /** PEM of what they must trust; null: an issuer that everybody trusts, or no TLS. */
  readonly authority: string | null;
}

const NAME = 'scalarium';

interface Users {
  readonly users?: readonly { readonly name: string; readonly user?: { readonly token?: string } }[];
}

const textOf = (file: string): string | null => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
};

/** The token in an earlier file; null when there is none that can be read. */
const tokenIn = (text: string | null): string | null => {
  try {
    const { users = [] } = (parse(text ?? '') ?? {}) as Users;
    return users[0]?.user?.token ?? null;
  } catch {
    return null;
  }
};

/** A whole kubeconfig of one context named `scalarium`. */
const kubeconfigText = ({ advertised, authority }: Reached, token: string): string => {
  const trusted =
    authority === null ? {} : { 'certificate-authority-data': Buffer.from(authority).toString('base64') };
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': NAME,
    clusters: [{ name: NAME, cluster: { server: advertised, ...trusted } }],
    contexts: [{ name: NAME, context: { cluster: NAME, user: 'admin' } }],
    users: [{ name: 'admin', user: { token } }],
  });
};

/**
 * Writes the file; one that is there keeps its token, and is left alone while it says how to come here. Without one, and
 * where there are Users already (`newToken` gives null), nothing is written: people log in.
 */
export const ensureKubeconfig = async (
  data: string,
  reached: Reached,
  newToken: () => Promise<{ readonly token: string } | null>,
): Promise<void> => {
  const file = join(data, 'kubeconfig');
  const before = textOf(file);
  const token = tokenIn(before) ?? (await newToken())?.token ?? null;
  if (token === null) return;
  const text = kubeconfigText(reached, token);
  if (text !== before) writePrivateSync(file, text);
};

/** `<data>/tls/ca.crt`, for clients on this machine. */
export const noteAuthority = (data: string, authority: string | null): void => {
  const folder = join(data, 'tls');
  const file = join(folder, 'ca.crt');
  if (authority === null) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writePrivateSync(file, authority);
};
