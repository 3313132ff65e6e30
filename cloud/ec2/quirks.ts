/** What is known of a provider beforehand, so that it need not be found out by a probe. */
import type { Filter } from '@aws-sdk/client-ec2';
import type { Provider } from '../../api-types/kinds/cloud.js';

export interface Quirks {
  /** True where it is documented that a repeated client token launches nothing more; null: probe. */
  readonly honoursClientTokens: boolean | null;
  /** Whose images may be a default, in order of preference; null: whatever the endpoint shows. */
  readonly images:
    readonly { readonly owners: readonly string[]; readonly filters: readonly Filter[] }[] | null;
}

const AMAZON: Quirks = {
  honoursClientTokens: true,
  images: [
    { owners: ['self'], filters: [] },
    {
      owners: ['amazon'],
      filters: [
        { Name: 'name', Values: ['al2023-ami-2023.*-x86_64'] },
        { Name: 'architecture', Values: ['x86_64'] },
      ],
    },
  ],
};

const PROBED: Quirks = { honoursClientTokens: null, images: null };

const QUIRKS: Readonly<Record<Provider, Quirks>> = {
  aws: AMAZON,
  local: PROBED,
  eucalyptus: PROBED,
  openstack: PROBED,
  opennebula: PROBED,
  nimbus: PROBED,
};

export const quirksOf = (provider: Provider): Quirks => QUIRKS[provider];
