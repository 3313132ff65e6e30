/** Grant: what a user or a group may do in a cluster. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { Name, NonEmpty, fields, listOf, oneOf, refined } from '../words.js';
import { Conditions, VALID } from './conditions.js';

/** From least to most; `deny` wins over every other grant in the cluster. */
export const LEVELS = ['deny', 'show', 'deploy', 'manage'] as const;
export type Level = (typeof LEVELS)[number];

const GrantFields = fields(
  'GrantSpec',
  {
    level: described(
      oneOf(LEVELS),
      'deny: nothing, whatever else is granted; show: look at everything but Secrets; deploy: also run recipes and set Secrets without reading them; manage: also change and delete everything in the cluster, its Grants included.',
    ),
  },
  {
    user: described(NonEmpty, 'The User who is meant. Either this or `group`.'),
    group: described(NonEmpty, 'Everybody in this group. Either this or `user`.'),
    ssh: described(t.boolean, 'Has an account with their SSH keys on the hosts of the cluster.', {
      otherwise: 'what `sudo` says',
    }),
    sudo: described(t.boolean, 'May become root on the hosts of the cluster; includes `ssh`.', {
      default: false,
    }),
    roles: described(
      refined(
        listOf(Name, 'a list of role names'),
        'a list of at least one role name (leave it out for the whole cluster)',
        (roles) => roles.length > 0,
      ),
      'Only these Roles and their hosts; absent: the whole cluster.',
    ),
  },
);
type GrantFields = t.TypeOf<typeof GrantFields>;

export const GrantSpec = refined(
  GrantFields,
  'a grant for either a user or a group',
  ({ user, group }: GrantFields) => (user === undefined) !== (group === undefined),
);
export interface GrantSpec extends GrantFields {}

export const GrantStatus = fields('GrantStatus', {}, { conditions: described(Conditions, VALID) });
export interface GrantStatus extends t.TypeOf<typeof GrantStatus> {}

export const grantDefaults = (spec: GrantSpec): GrantSpec => ({
  ssh: spec.sudo ?? false,
  sudo: false,
  ...spec,
});
