/** A Secret with its values: one at a time, to those who may manage its cluster, never without a line in the audit log. */
import { stringify } from 'yaml';
import type { Live } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import type { Context, Reply } from '../context.js';
import type { Asked } from '../door.js';
import type { Shape } from '../reads/shapes.js';
import type { ResourceRoute } from '../routes.js';
import { isSecret, revealed } from './documents.js';

/** Tables and metadata show no values to anybody. */
const showsValues = ({ key }: Shape): boolean => key.endsWith('objects');

export interface Revealing {
  readonly route: ResourceRoute;
  readonly asked: Asked;
  readonly caller: Caller;
  readonly shape: Shape;
}

/** The answer with the values; null: it is no Secret, or it is to be shown masked like any other object. */
export const revealedReply = (context: Context, live: Live, how: Revealing): Reply | null => {
  const { route, asked, caller, shape } = how;
  if (!isSecret(live) || !showsValues(shape)) return null;
  const attributes = { verb: 'reveal', path: asked.path, resource: route };
  if (!context.access.decide(caller, attributes).allowed) return null;
  const { object, warnings } = revealed(live, context.sealer);
  const yaml = shape.type === 'application/yaml';
  return {
    code: 200,
    body: yaml ? stringify(object, { aliasDuplicateObjects: false }) : object,
    type: shape.type,
    headers: { Vary: 'Accept' },
    audit: { before: null, after: null, verb: 'reveal' },
    ...(warnings.length === 0 ? {} : { warnings }),
  };
};
