/** What an access review asks about, as the requests that it stands for. */
import type { Attributes } from '../access/access.js';
import type { View } from '../views/view.js';
import { VIEWS } from '../views/views.js';

type Texts = Readonly<Record<string, string>>;

/** The fields that are texts; Kubernetes sends nothing else in attributes. */
export const textsOf = (sent: Readonly<Record<string, unknown>>): Texts =>
  Object.fromEntries(
    Object.entries(sent).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );

const viewsOf = ({ group = '', resource = '', version = '*' }: Texts): readonly View[] =>
  VIEWS.filter(
    (view) =>
      (group === '*' || view.group === group) &&
      (resource === '*' || view.plural === resource) &&
      (version === '' || version === '*' || view.version === version),
  );

const EVERY_VERB = [
  'get',
  'list',
  'watch',
  'create',
  'update',
  'patch',
  'delete',
  'deletecollection',
  'reveal',
];

/** Of one view: each verb, where all are asked for. */
const ofView = (view: View, texts: Texts): readonly Attributes[] => {
  const { verb = '', namespace = '', name = '', subresource = '' } = texts;
  const verbs = verb === '*' ? EVERY_VERB : [verb];
  const resource = {
    view,
    cluster: view.namespaced && namespace !== '' ? namespace : null,
    name: name === '' ? null : name,
    sub: subresource === '' ? null : subresource,
  };
  return verbs.map((one) => ({ verb: one, path: '', resource }));
};

/** Empty: there is no such resource. */
export const resourcesAsked = (texts: Texts): readonly Attributes[] =>
  viewsOf(texts).flatMap((view) => ofView(view, texts));
