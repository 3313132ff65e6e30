/** Is this the same repository as that one? URLs of one repository are many; its key is one. Pure. */

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', ssh: '22', git: '9418' };

/** `git@host:path` and `host:path`, as git takes them; a single letter before the colon is a drive. */
const SCP = /^(?:[^@/\s]+@)?(\[[^\]]+\]|[^:/\s@]{2,}):(?!\/\/)(.+)$/;
const URLS = /^(https?|ssh|git|git\+ssh|ssh\+git):\/\/(?:[^@/\s]*@)?(\[[^\]]+\]|[^:/\s]+)(?::(\d+))?\/(.+)$/i;

const pathOf = (path: string): string => {
  const plain = path.replace(/[?#].*$/s, '').replace(/^\/+|\/+$/g, '');
  return plain.replace(/\.git$/i, '').replace(/\/+$/, '');
};

const keyOf = (host: string, port: string, path: string): string | null => {
  const plain = pathOf(path);
  return plain === '' ? null : `${host.toLowerCase().replace(/\.$/, '')}${port}/${plain}`;
};

/** Null: it has no scheme that git fetches by over a network. */
const keyOfUrl = (text: string): string | null => {
  const found = URLS.exec(text);
  if (found === null) return null;
  const [, scheme = '', host = '', port = '', path = ''] = found;
  const plain = scheme.toLowerCase().includes('ssh') ? 'ssh' : scheme.toLowerCase();
  return keyOf(host, port === '' || port === DEFAULT_PORTS[plain] ? '' : `:${port}`, path);
};

/** `host[:port]/path` of a URL that git can fetch from over a network; null: it is none. */
export const repositoryKey = (url: string): string | null => {
  const text = url.trim();
  if (text.includes('://')) return keyOfUrl(text);
  const found = SCP.exec(text);
  return found === null ? null : keyOf(found[1] ?? '', '', found[2] ?? '');
};
