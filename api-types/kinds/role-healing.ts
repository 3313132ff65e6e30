/** What a Role says of healing: when its hosts are taken for failed, and what that may cost. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { CountOrPercentage, Seconds, fields, wholeNumber } from '../words.js';

/** What `healing` means where a spec says nothing; `enabled` depends on the type. */
export const HEALING_DEFAULTS = {
  maxUnavailable: '25%',
  silentSeconds: 25,
  silentRebootSeconds: 180,
  silentReplaceSeconds: 600,
  bootTimeoutSeconds: 300,
  setupTimeoutSeconds: 900,
  maxReplacementsPerHour: 20,
};

/** A field of `healing` that defaults to the constant of its name. */
const healing = <C extends t.Any>(
  name: keyof typeof HEALING_DEFAULTS,
  codec: C,
  text: string,
  unit?: string,
): C => described(codec, text, { default: HEALING_DEFAULTS[name], ...(unit === undefined ? {} : { unit }) });

export const HealingSpec = fields(
  'HealingSpec',
  {},
  {
    enabled: described(
      t.boolean,
      'Whether failed hosts of the Role are rebooted and replaced without asking anybody. Hosts of databases hold data that a replacement would not have, so healing only reports them unless this says true.',
      { otherwise: 'true; false for db-master and db-replica' },
    ),
    maxUnavailable: healing(
      'maxUnavailable',
      CountOrPercentage,
      'How many hosts of the Role healing, and recipes that want a reboot, may have out of service at a time: a number, or a share as "25%". A share is rounded down, but never to none.',
      'hosts',
    ),
    silentSeconds: healing(
      'silentSeconds',
      Seconds,
      'A host whose agent was not heard of for this long is silent. A silent host that the cloud reports as stopped or impaired has failed; one that is otherwise well is given the times below.',
      'seconds',
    ),
    silentRebootSeconds: healing(
      'silentRebootSeconds',
      Seconds,
      'A host that is silent but otherwise well for this long is rebooted.',
      'seconds',
    ),
    silentReplaceSeconds: healing(
      'silentReplaceSeconds',
      Seconds,
      'A host that is silent but otherwise well for this long is replaced; the reboot did not help.',
      'seconds',
    ),
    bootTimeoutSeconds: healing(
      'bootTimeoutSeconds',
      Seconds,
      'How long a machine may take from the launch call until its agent connects. Then it is given up and replaced.',
      'seconds',
    ),
    setupTimeoutSeconds: healing(
      'setupTimeoutSeconds',
      Seconds,
      "How long a host may take from its agent's first connection to the end of setup. Then setup has failed.",
      'seconds',
    ),
    maxReplacementsPerHour: healing(
      'maxReplacementsPerHour',
      wholeNumber(0, 10_000),
      'A bound on what a mistake can cost: when so many hosts of the Role were replaced within an hour, healing waits.',
      'replacements per hour',
    ),
  },
);

/** Every setting of healing. */
export type Healing = Required<t.TypeOf<typeof HealingSpec>>;
