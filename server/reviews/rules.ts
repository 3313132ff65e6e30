/** What a caller may do in a namespace, as rules: by asking about every verb of every resource. */
import type { Attributes } from '../access/access.js';
import type { View } from '../views/view.js';
import { VIEWS } from '../views/views.js';

interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

type May = (asked: Attributes) => boolean;

interface Place {
  readonly cluster: string | null;
  readonly name: string | null;
  readonly sub: string | null;
}

const verbsAt = (may: May, view: View, place: Place): readonly string[] =>
  view.verbs.filter((verb) => may({ verb, path: '', resource: { view, ...place } }));

/** The name that makes a difference: of the cluster itself, and of one's own User. */
const nameFor = ({ kind, namespaced }: View, namespace: string, user: string): string | null => {
  if (kind === 'User') return user;
  return !namespaced && (kind === 'Cluster' || kind === 'Namespace') && namespace !== '' ? namespace : null;
};

const ruleOf = (view: View, resource: string, verbs: readonly string[]): readonly ResourceRule[] =>
  verbs.length === 0 ? [] : [{ verbs, apiGroups: [view.group], resources: [resource] }];

const below = (may: May, view: View, place: Place): readonly ResourceRule[] =>
  view.subresources.flatMap((sub) => {
    const verbs = ['get', 'create', 'update', 'patch'].filter((verb) =>
      may({ verb, path: '', resource: { view, ...place, sub } }),
    );
    return ruleOf(view, `${view.plural}/${sub}`, verbs);
  });

const rulesOf = (may: May, view: View, namespace: string, user: string): readonly ResourceRule[] => {
  const cluster = view.namespaced && namespace !== '' ? namespace : null;
  const everywhere = { cluster, name: null, sub: null };
  const general = verbsAt(may, view, everywhere);
  const name = nameFor(view, namespace, user);
  if (name === null) return [...ruleOf(view, view.plural, general), ...below(may, view, everywhere)];
  const place = { cluster, name, sub: null };
  const special = verbsAt(may, view, place).filter((verb) => !general.includes(verb));
  const own = ruleOf(view, view.plural, special).map((rule) => ({ ...rule, resourceNames: [name] }));
  const subs = below(may, view, place).map((rule) => ({ ...rule, resourceNames: [name] }));
  return [...ruleOf(view, view.plural, general), ...own, ...subs];
};

/** Of every resource that is served, in the order of discovery. */
export const resourceRules = (may: May, namespace: string, user: string): readonly ResourceRule[] =>
  VIEWS.flatMap((view) => rulesOf(may, view, namespace, user));

const PATHS = [
  '/api',
  '/api/*',
  '/apis',
  '/apis/*',
  '/healthz',
  '/livez',
  '/readyz',
  '/openapi',
  '/openapi/*',
  '/version',
];
const ADMIN_PATHS = ['/metrics'];

/** Paths that are no resource. */
export const nonResourceRules = (
  may: May,
): readonly { readonly verbs: readonly string[]; readonly nonResourceURLs: readonly string[] }[] => {
  const open = [...PATHS, ...ADMIN_PATHS].filter((path) => may({ verb: 'get', path, resource: null }));
  return [{ verbs: ['get'], nonResourceURLs: open }];
};
