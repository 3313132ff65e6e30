/** Secret: values that are encrypted before they reach any key. */
import * as t from 'io-ts';
import { described } from '../described.js';
import { fields } from '../words.js';
import { Conditions, VALID } from './conditions.js';

export const SecretSpec = fields(
  'SecretSpec',
  {},
  {
    data: described(
      t.record(t.string, t.string, 'texts by name'),
      'The values, as text. Never listed; shown one object at a time to those who may manage the cluster.',
    ),
    sealed: described(
      t.record(t.string, t.string, 'sealed texts by name'),
      'The values as the store has them (AES-256-GCM). Written by the control plane; the API neither takes nor shows it.',
    ),
  },
);
export interface SecretSpec extends t.TypeOf<typeof SecretSpec> {}

export const SecretStatus = fields('SecretStatus', {}, { conditions: described(Conditions, VALID) });
export interface SecretStatus extends t.TypeOf<typeof SecretStatus> {}

/** kubectl's client-side apply keeps the whole document here, values included: never stored of a Secret. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';
