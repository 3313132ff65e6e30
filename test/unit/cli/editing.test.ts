import type { ObjectOf } from '../../../client/client.js';
import { compared } from '../../../cli/diffing.js';
import { editable, editorOf, withHead, withoutHead } from '../../../cli/editing.js';
import { sshArguments } from '../../../cli/ssh-arguments.js';
import { assert, suite } from '../../suite.js';

const test = suite('what editors, diff and ssh are given');

const secret = (data: Readonly<Record<string, string>>): ObjectOf => ({
  apiVersion: 'scalarium.dev/v1',
  kind: 'Secret',
  metadata: {
    name: 'db',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '7',
    generation: 1,
    creationTimestamp: 'x',
  },
  spec: { data },
  status: { phase: 'x' },
});

test('an object keeps its resourceVersion in the editor, and nothing the server writes', () => {
  const { metadata } = editable(secret({})) as { metadata: object };
  assert.equal(metadata, { name: 'db', namespace: 'shop', resourceVersion: '7' });
  assert.not.ok('status' in editable(secret({})));
});

test('the comments above come off again, and only those', () => {
  const text = 'a: 1\n# mine\nb: 2\n';
  assert.is(withoutHead(withHead(text, ['spec.a: wrong'])), text);
  assert.match(withHead(text, ['spec.a: wrong']), /^# {3}spec\.a: wrong$/m);
});

test('the first editor that is named', () => {
  assert.is(editorOf({}), 'vi');
  assert.is(editorOf({ EDITOR: 'a', VISUAL: 'b' }), 'b');
  assert.is(editorOf({ EDITOR: 'a', KUBE_EDITOR: 'c', SCALARIUM_EDITOR: 'd' }), 'd');
});

test('diff shows that a secret value changes, and no value', () => {
  const [before, after] = compared(
    secret({ a: 'one', b: 'same' }),
    secret({ a: 'two', b: 'same', c: 'new' }),
  );
  const text = JSON.stringify([before, after]);
  for (const value of ['one', 'two', 'same', 'new']) assert.not.match(text, `"${value}"`);
  assert.match(text, '*** (before)');
  assert.match(text, '*** (after)');
});

const call = { name: 'app-1', user: 'anna', knownHosts: '/c/shop', identity: null, command: ['uptime'] };
const machine = {
  id: 'i-1',
  batch: '',
  zone: '',
  instanceType: '',
  imageId: '',
  launchedAt: '',
  state: 'running',
} as const;

test('ssh goes to the machine of now, whose key is known by the machine', () => {
  const args = sshArguments({ ...call, status: { machine: { ...machine, privateAddress: '10.0.0.1' } } });
  assert.ok(Array.isArray(args));
  assert.equal(args.slice(-5), ['-l', 'anna', '--', '10.0.0.1', 'uptime']);
  assert.ok(args.includes('HostKeyAlias=i-1'));
  assert.ok(args.includes('StrictHostKeyChecking=accept-new'));
  assert.match(sshArguments({ ...call, status: {} }) as string, /no machine with an address/);
  const odd = sshArguments({
    ...call,
    user: 'system:installation',
    status: { machine: { ...machine, privateAddress: 'a' } },
  });
  assert.match(odd as string, /no account on hosts/);
});
