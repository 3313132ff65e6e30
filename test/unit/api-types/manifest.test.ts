import * as E from 'fp-ts/lib/Either.js';
import { decodeManifest } from '../../../api-types/manifest.js';
import { problemText } from '../../../api-types/problems.js';
import { assert, suite } from '../../suite.js';

const test = suite('documents as people write them');

const said = (document: object): readonly string[] => {
  const decoded = decodeManifest({ apiVersion: 'scalarium.dev/v1', ...document });
  return E.isLeft(decoded) ? decoded.left.map(problemText) : [];
};

const role = (metadata: object): object => ({
  kind: 'Role',
  metadata: { name: 'app', namespace: 'shop', ...metadata },
  spec: { type: 'custom', replicas: 1 },
});

for (const [name, metadata, expected] of [
  ['labels and annotations of Kubernetes', { labels: { 'a.example/b_c.D': '', e: 'F-1' } }, null],
  [
    'a label that no selector can name',
    { labels: { 'two words': 'x' } },
    /^metadata\.labels: .*"two words"$/,
  ],
  ['a label value with a space', { labels: { a: 'x y' } }, /^metadata\.labels\.a: .*got "x y"$/],
  ['a label value that is too long', { labels: { a: 'x'.repeat(64) } }, /^metadata\.labels\.a: .*at most 63/],
  ['an annotation of any text', { annotations: { a: 'any text, ümlauts {}' } }, null],
  ['an annotation without a name', { annotations: { 'a.example/': '' } }, /^metadata\.annotations: /],
] as const)
  test(name, () => {
    const problems = said(role(metadata));
    if (expected === null) assert.equal(problems, []);
    else assert.match(problems[0] ?? '', expected);
  });

test('what was given for a public key is not repeated: it may be the private one', () => {
  const key = '-----BEGIN OPENSSH PRIVATE KEY-----';
  const [problem = ''] = said({ kind: 'User', metadata: { name: 'ana' }, spec: { sshKeys: [key] } });
  assert.match(problem, /^spec\.sshKeys\.0: expected a public key/);
  assert.not.match(problem, 'OPENSSH');
});

test('values of Secrets have names that files and variables can have', () => {
  const secret = (data: object): object => ({
    kind: 'Secret',
    metadata: { name: 'db', namespace: 'shop' },
    spec: { data },
  });
  assert.equal(said(secret({ 'tls.key': 'x', DB_1: 'x' })), []);
  for (const name of ['two words', '../up', ''])
    assert.match(said(secret({ [name]: 'hunter2' }))[0] ?? '', `spec.data.${name}: expected a name`);
});

const application = (spec: object): object => ({
  kind: 'Application',
  metadata: { name: 'shop', namespace: 'shop' },
  spec: { source: { type: 'git', url: 'https://git.example.com/shop.git' }, ...spec },
});

const WORKER = { worker: { command: 'bin/work' } };

for (const [name, spec, expected] of [
  ['workers of php', { type: 'php', processes: WORKER }, null],
  ['web of nodejs twice', { type: 'nodejs', processes: { web: { count: 2 } } }, null],
  ['no worker', { type: 'nodejs', processes: { worker: { command: 'bin/work', count: 0 } } }, null],
  ['no web', { type: 'nodejs', processes: { web: { count: 0 } } }, /^spec\.processes: .*at least 1/],
  ['a worker of nothing', { type: 'nodejs', processes: { worker: {} } }, /^spec\.processes: .*a `command`/],
  [
    'web of php',
    { type: 'php', processes: { web: { memoryMib: 64 } } },
    /^spec: .*php and java have no `web`/,
  ],
  ['web of java', { type: 'java', processes: { web: {} } }, /^spec: .*php and java have no `web`/],
  ['workers of static', { type: 'static', processes: WORKER }, /^spec: .*static has none/],
] as const)
  test(`processes: ${name}`, () => {
    const problems = said(application(spec));
    if (expected === null) assert.equal(problems, []);
    else assert.match(problems[0] ?? '', expected);
  });

test('what is wrong elsewhere in an application is said of its field', () => {
  const problems = said(application({ type: 'php', port: 0, processes: { worker: { count: 200 } } }));
  assert.equal(
    problems.map((problem) => problem.replace(/:.*/, '')),
    ['spec.port', 'spec.processes.worker.count'],
  );
});
