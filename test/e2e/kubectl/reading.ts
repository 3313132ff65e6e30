/** What kubectl reads. */
import { assert } from '../../suite.js';
import { eventually } from '../world.js';
import type { Step } from './bench.js';

/** In order. */
export const READING: readonly Step[] = [
  [
    'get -A with our columns, wide, yaml, jsonpath, by category, in chunks of 2',
    async ({ ok, name }) => {
      const all = await ok('get', 'roles,instances', '-A');
      assert.match(all, /^NAMESPACE +NAME +TYPE +REPLICAS +ONLINE +READY +AGE$/m);
      assert.match(all, new RegExp(`^${name} +instance.scalarium.dev/app-1 +app +online`, 'm'));
      assert.match(await ok('get', 'instances', '-n', name, '-o', 'wide'), /ZONE +INSTANCE-TYPE/);
      assert.match(await ok('get', 'role', 'app', '-n', name, '-o', 'yaml'), 'replicas: 2');
      const names = await ok('get', 'in', '-n', name, '-o', 'jsonpath={.items[*].metadata.name}');
      assert.is(names, 'app-1 app-2 cache-1');
      assert.match(await ok('get', 'scalarium', '-n', name), 'role.scalarium.dev/cache');
      const chunked = await ok('get', 'instances', '-n', name, '--chunk-size=2', '-o', 'name');
      assert.is(chunked.trim().split('\n').length, 3);
      assert.match(await ok('get', 'ns'), new RegExp(`^${name} +Active`, 'm'));
      assert.match(await ok('get', 'instances', '-n', name, '-l', 'nothing in (a,b)', '-o', 'name'), /^$/);
      assert.match(
        await ok('get', 'in', '-n', name, '--field-selector', 'spec.role=cache', '-o', 'name'),
        /^instance.scalarium.dev\/cache-1\n$/,
      );
    },
  ],
  [
    'get -w shows a change as a row',
    async ({ kubectl, ok, name }) => {
      const watching = kubectl.start('get', 'role', 'app', '-n', name, '-w', '--show-labels');
      let text = '';
      watching.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
      await eventually('the first row', () => text.includes('tier=app'));
      await ok('label', 'role', 'app', '-n', name, 'seen=yes');
      await eventually('the row of the change', () => text.includes('seen=yes'));
      watching.kill('SIGTERM');
      assert.match(text, /^NAME +TYPE +REPLICAS +ONLINE +READY +AGE +LABELS$/m);
    },
  ],
  [
    'describe shows events; get events and events list them',
    async ({ ok, name }) => {
      const text = await ok('describe', 'instance', 'app-1', '-n', name);
      assert.match(text, /^Name: +app-1$/m);
      assert.match(text, /^Events:/m);
      assert.match(
        await ok('get', 'events', '-n', name),
        /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE|No resources found/,
      );
      await ok('events', '-n', name);
    },
  ],
  [
    'explain reads like a manual',
    async ({ ok }) => {
      const text = await ok('explain', 'role.spec.healing');
      assert.match(text, 'silentSeconds');
      assert.match(await ok('explain', 'role', '--recursive'), 'maxReplacementsPerHour');
    },
  ],
  [
    'auth can-i, whoami',
    async ({ ok, minor, name }) => {
      assert.match(await ok('auth', 'can-i', 'delete', 'roles', '-n', name), /^yes/);
      assert.match(await ok('auth', 'can-i', '--list', '-n', name), 'scalarium.dev');
      if (minor >= 28) assert.match(await ok('auth', 'whoami'), 'admin');
    },
  ],
  [
    'secrets: written and read, hidden in lists',
    async ({ ok, file, name }) => {
      const secret = `apiVersion: scalarium.dev/v1\nkind: Secret\nmetadata: { name: db, namespace: ${name} }\nspec: { data: { password: hunter2-of-the-test } }\n`;
      await ok('create', '-f', file('secret.yaml', secret));
      const listed = await ok('get', 'secrets.scalarium.dev', '-n', name, '-o', 'yaml');
      assert.not.match(listed, 'hunter2-of-the-test');
      assert.match(
        await ok('get', 'secret.scalarium.dev', 'db', '-n', name, '-o', 'yaml'),
        'hunter2-of-the-test',
      );
    },
  ],
];
