/** Memcached: its settings. */
import type { Snapshot } from '../../api-types/snapshot.js';
import { attributesOf } from '../attributes.js';
import type { Resource } from '../resource.js';

const CONFIG = `# Written by Scalarium; changes are overwritten.
-m {{ memcached.memoryMib }}
-p {{ memcached.port }}
-c {{ memcached.maxConnections }}
-U 0
`;

/** Resources of a host whose role `role` is of type memcached. */
export const memcached = (snapshot: Snapshot, role: string): readonly Resource[] => [
  {
    type: 'template',
    path: '/etc/memcached.conf',
    template: CONFIG,
    attributes: { memcached: attributesOf(snapshot, role)['memcached'] },
  },
];
