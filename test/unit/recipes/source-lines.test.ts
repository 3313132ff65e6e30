import { readFileSync } from 'node:fs';
import { resourceTypes, withLines } from '../../../scripts/recipe-lines.mjs';
import { digestOf } from '../../../recipes/inputs.js';
import type { Resource } from '../../../recipes/resource.js';
import { assert, suite } from '../../suite.js';

const test = suite('where a resource stands in its recipe');

const TYPES = resourceTypes(readFileSync(new URL('../../../recipes/resource.ts', import.meta.url), 'utf8'));

test('every type of resource is known', () => {
  assert.ok(TYPES.length > 20, TYPES.join());
  for (const type of ['file', 'package', 'waitForPort', 'accounts']) assert.ok(TYPES.includes(type), type);
});

const ROWS: readonly { readonly name: string; readonly text: string; readonly becomes: string }[] = [
  {
    name: 'a literal is told its file and line, and lines stay where they are',
    text: "const a = 1;\nconst b = {\n  type: 'file',\n  path: '/x',\n};",
    becomes: "const a = 1;\nconst b = {\n  type: 'file', at: 'recipes/roles/x.ts:3',\n  path: '/x',\n};",
  },
  {
    name: 'the last field of a literal',
    text: "[{ path: '/x', type: 'directory' }]",
    becomes: "[{ path: '/x', type: 'directory', at: 'recipes/roles/x.ts:1' }]",
  },
  {
    name: 'a type is none',
    text: "type F = Extract<Resource, { readonly type: 'file' }>;",
    becomes: "type F = Extract<Resource, { readonly type: 'file' }>;",
  },
  {
    name: 'nor is a comparison, nor something else that has a type',
    text: "if (r.type === 'file') return { type: 'rails' };",
    becomes: "if (r.type === 'file') return { type: 'rails' };",
  },
];

for (const { name, text, becomes } of ROWS)
  test(name, () => {
    assert.is(withLines(text, 'recipes/roles/x.ts', TYPES), becomes);
  });

test('lines that move are no reason to configure a host again', () => {
  const resource: Resource = { type: 'file', path: '/x', content: 'x' };
  assert.is(digestOf([{ ...resource, at: 'a.ts:1' }]), digestOf([{ ...resource, at: 'a.ts:2' }]));
  assert.is.not(digestOf([resource]), digestOf([{ ...resource, content: 'y' }]));
});
