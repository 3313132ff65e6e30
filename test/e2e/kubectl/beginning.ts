/** What every kubectl does first. */
import { assert } from '../../suite.js';
import { cluster, role, type Step } from './bench.js';

/** In order. */
export const BEGINNING: readonly Step[] = [
  [
    'version and api-resources',
    async ({ ok }) => {
      assert.match(await ok('version', '-o', 'json'), '"serverVersion"');
      const resources = await ok('api-resources', '--api-group', 'scalarium.dev');
      assert.match(resources, /^roles +ro +scalarium\.dev\/v1 +true +Role$/m);
    },
  ],
  [
    'apply, once created, then unchanged',
    async ({ ok, file, name }) => {
      const path = file('shop.yaml', cluster(name) + role(name, 'app', 2) + role(name, 'cache', 1));
      assert.match(await ok('apply', '-f', path), `role.scalarium.dev/app created`);
      assert.match(await ok('apply', '-f', path), `role.scalarium.dev/app unchanged`);
    },
  ],
  [
    'wait --for=condition=Ready',
    async ({ ok, name }) => {
      await ok('wait', '--for=condition=Ready', 'role/app', 'role/cache', '-n', name, '--timeout=90s');
      await ok('wait', '--for=jsonpath={.status.readyReplicas}=2', 'role/app', '-n', name, '--timeout=30s');
    },
  ],
];
