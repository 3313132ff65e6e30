/** What a Role says of life-cycle events: its own recipes, its packages, and how long events may take. */
import * as t from 'io-ts';
import { RecipeName } from '../cookbooks.js';
import { described } from '../described.js';
import type { Lifecycle } from '../lifecycle.js';
import { Seconds, fields, listOf, refined } from '../words.js';

/** What a Role has for one kind of life-cycle event. */
const byEvent = <C extends t.Any>(name: string, of: (event: Lifecycle) => C) =>
  fields(
    name,
    {},
    {
      setup: of('setup'),
      configure: of('configure'),
      deploy: of('deploy'),
      undeploy: of('undeploy'),
      shutdown: of('shutdown'),
    },
  );

const WHEN: Readonly<Record<Lifecycle, string>> = {
  setup: 'when a machine has booted',
  configure: 'when the cluster around the host has changed',
  deploy: 'after setup, and when a Run of deploy says so',
  undeploy: 'when a Run of undeploy says so',
  shutdown: 'before the machine is stopped or terminated',
};

/** Recipes by event. */
export const Recipes = byEvent('RoleRecipes', (event) =>
  described(
    listOf(RecipeName, 'a list of recipes'),
    `Recipes of the Cluster's cookbooks that run ${WHEN[event]}, in this order, after what is built in for the type.`,
    { otherwise: 'none' },
  ),
);

/** What an event may take where a spec says nothing; setup and shutdown have fields of their own, undeploy its Run's. */
export const EVENT_TIMEOUT_SECONDS = 600;

/** Time-outs by event. */
export const EventTimeouts = fields(
  'RoleEventTimeouts',
  {},
  {
    configure: described(Seconds, 'How long configure may take on a host.', {
      otherwise: String(EVENT_TIMEOUT_SECONDS),
      unit: 'seconds',
    }),
    deploy: described(Seconds, 'How long deploy may take on a host.', {
      otherwise: String(EVENT_TIMEOUT_SECONDS),
      unit: 'seconds',
    }),
  },
);

/** As the distribution writes it. */
export const PackageName = refined(
  t.string,
  'the name of a package',
  (value) => /^[a-zA-Z0-9][a-zA-Z0-9.+_:-]*$/.test(value),
  { pattern: '^[a-zA-Z0-9][a-zA-Z0-9.+_:-]*$' },
);
