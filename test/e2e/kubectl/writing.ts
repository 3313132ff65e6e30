/** What kubectl writes. */
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../suite.js';
import { replicasOf, role, type Step } from './bench.js';

/** In order: each goes on from what the ones before it left. */
export const WRITING: readonly Step[] = [
  [
    'label and annotate',
    async ({ ok, name }) => {
      await ok('label', 'role', 'app', '-n', name, 'team=blue');
      await ok('annotate', 'role', 'app', '-n', name, 'note=hello');
      assert.is(await ok('get', 'role', 'app', '-n', name, '-o', 'jsonpath={.metadata.labels.team}'), 'blue');
      await ok('label', 'role', 'app', '-n', name, 'team-');
      assert.is(await ok('get', 'role', 'app', '-n', name, '-o', 'jsonpath={.metadata.labels.team}'), '');
    },
  ],
  [
    'patch merge and json; strategic is refused with what to use instead',
    async (bench) => {
      const { ok, fails, name } = bench;
      await ok(
        'patch',
        'role',
        'app',
        '-n',
        name,
        '--type',
        'merge',
        '-p',
        '{"spec":{"shutdownTimeoutSeconds":5}}',
      );
      await ok(
        'patch',
        'role',
        'app',
        '-n',
        name,
        '--type',
        'json',
        '-p',
        '[{"op":"replace","path":"/spec/replicas","value":3}]',
      );
      assert.is(await replicasOf(bench), '3');
      const refused = await fails(1, 'patch', 'role', 'app', '-n', name, '-p', '{"spec":{"replicas":2}}');
      assert.match(refused.stderr, /merge-patch|--type/);
      const wrong = await fails(
        1,
        'patch',
        'role',
        'app',
        '-n',
        name,
        '--type',
        'merge',
        '-p',
        '{"spec":{"replicas":-1}}',
      );
      assert.match(wrong.stderr, /spec\.replicas/);
    },
  ],
  [
    'scale',
    async (bench) => {
      await bench.ok('scale', 'role/app', '--replicas=2', '-n', bench.name);
      assert.is(await replicasOf(bench), '2');
      await bench.fails(1, 'scale', 'role/app', '--current-replicas=7', '--replicas=3', '-n', bench.name);
    },
  ],
  [
    'diff and apply --dry-run=server store nothing',
    async (bench) => {
      const { ok, fails, file, name } = bench;
      const path = file('diff.yaml', role(name, 'cache', 2));
      assert.match((await fails(1, 'diff', '-f', path)).stdout, /^\+ +replicas: 2$/m);
      await ok('apply', '-f', path, '--dry-run=server');
      assert.is(await ok('get', 'role', 'cache', '-n', name, '-o', 'jsonpath={.spec.replicas}'), '1');
      await ok('diff', '-f', file('same.yaml', role(name, 'cache', 1)));
    },
  ],
  [
    'edit through an editor script',
    async (bench) => {
      const editor = bench.file('editor.sh', '#!/bin/sh\nsed -i "s/replicas: 1/replicas: 2/" "$1"\n');
      chmodSync(editor, 0o755);
      process.env['KUBE_EDITOR'] = editor;
      await bench.ok('edit', 'role', 'cache', '-n', bench.name);
      delete process.env['KUBE_EDITOR'];
      assert.is(
        await bench.ok('get', 'role', 'cache', '-n', bench.name, '-o', 'jsonpath={.spec.replicas}'),
        '2',
      );
      await bench.ok('scale', 'role/cache', '--replicas=1', '-n', bench.name);
    },
  ],
  [
    'server-side apply: ownership, a conflict, force',
    async ({ ok, fails, file, name }) => {
      const first = file('ssa.yaml', role(name, 'web', 0));
      await ok('apply', '--server-side', '--field-manager', 'one', '-f', first);
      const second = file('ssa2.yaml', role(name, 'web', 1));
      const conflict = await fails(1, 'apply', '--server-side', '--field-manager', 'two', '-f', second);
      assert.match(conflict.stderr, /conflict with "one"[\s\S]*\.spec\.replicas/);
      await ok('apply', '--server-side', '--field-manager', 'two', '--force-conflicts', '-f', second);
      const managed = await ok('get', 'role', 'web', '-n', name, '--show-managed-fields', '-o', 'yaml');
      assert.match(managed, /manager: two/);
      await ok('apply', '--server-side', '--field-manager', 'two', '-f', second);
      assert.match(await ok('apply', '-f', file('csa.yaml', role(name, 'web', 0))), 'configured');
    },
  ],
  [
    'apply --prune with a selector; -k',
    async ({ ok, file, name }) => {
      const both = file('prune2.yaml', role(name, 'old', 0) + role(name, 'kept', 0));
      await ok('apply', '-f', both);
      await ok('label', 'roles', 'old', 'kept', '-n', name, 'app=pruned');
      const kept = file('prune1.yaml', role(name, 'kept', 0).replace('labels: {', 'labels: { app: pruned,'));
      const prune = ['--prune', '-l', 'app=pruned', '--prune-allowlist=scalarium.dev/v1/Role', '-n', name];
      assert.match(await ok('apply', '-f', kept, ...prune), /old pruned/);
      const directory = file(
        'kustomization.yaml',
        `resources: [base.yaml]\nnamespace: ${name}\nnamePrefix: k-\n`,
      );
      file('base.yaml', role(name, 'web', 0));
      assert.match(await ok('apply', '-k', join(directory, '..')), 'role.scalarium.dev/k-web created');
    },
  ],
  [
    'delete --wait returns when it is gone; a mistake is told with its field',
    async ({ ok, fails, file, name }) => {
      await ok('delete', 'role', 'web', '-n', name, '--wait', '--timeout=60s');
      assert.match((await fails(1, 'get', 'role', 'web', '-n', name)).stderr, 'NotFound');
      const bad = file('bad.yaml', role(name, 'bad', 1, ', replcas: 3'));
      assert.match((await fails(1, 'apply', '-f', bad)).stderr, /replcas/);
      assert.match((await fails(1, 'create', 'namespace', 'x')).stderr, /Cluster/);
    },
  ],
];
