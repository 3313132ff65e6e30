import { resourceId, type Resource, type ServiceResource } from '../../../recipes/resource.js';
import { turnOf } from '../../../recipes/resources/service.js';
import { openSecrets } from '../../../recipes/secrets.js';
import { fill } from '../../../recipes/template.js';
import { assert } from '../../suite.js';
import { apply, onStage, says, text, web } from './stage.js';
import { namedSecrets } from './texts.js';

const test = onStage('resources that are for some hosts only');

const onMachines: ServiceResource = { ...web, on: 'machine' };

test('on a folder what is for machines is left out, said once; files and units are written, unchecked', async (stage) => {
  const resources: readonly Resource[] = [
    says('loud', { on: 'machine' }),
    { type: 'file', path: '/etc/a', content: 'a', check: ['false'], on: 'machine' },
    { type: 'waitForPort', host: '127.0.0.1', port: 1, on: 'machine' },
    {
      type: 'file',
      path: '/etc/b',
      content: 'b',
      notifies: [
        { action: 'restart', resource: resourceId(onMachines) },
        { action: 'run', resource: 'execute[later]' },
      ],
    },
    onMachines,
    says('later', { on: 'machine', only: 'notified' }),
  ];
  const { failure, changed, notes } = await apply(stage, resources);
  assert.is(failure, null);
  assert.equal(changed, ['file[/etc/a]', 'file[/etc/b]', 'service[web]']);
  assert.equal(notes, ['commands, services and ports are left out: this host is a folder']);
  assert.equal(stage.services.calls, []);
  assert.is(await text(stage.root, 'etc/systemd/system/web.service'), web.unit);
});

test('of two that differ by family the one of the host counts, also for who notifies it', async (stage) => {
  const resources: readonly Resource[] = [
    {
      type: 'file',
      path: '/etc/a',
      content: 'a',
      notifies: [{ action: 'restart', resource: 'service[web]' }],
    },
    { ...web, family: 'debian' },
    { ...web, family: 'redhat', state: 'stopped' },
  ];
  const { failure } = await apply(stage, resources);
  assert.is(failure, null);
  assert.equal(
    stage.services.calls.filter((call) => call !== 'readUnits'),
    ['restart web'],
  );
});

test('a refusal ends the run with its reason', async (stage) => {
  const { failure, changed } = await apply(stage, [
    says('before'),
    { type: 'refusal', name: 'app', why: 'no such thing' },
    says('after'),
  ]);
  assert.equal([changed, failure], [['execute[before]'], 'refusal[app]: no such thing']);
});

for (const [name, seconds] of [
  ['app-1', 0],
  ['app-2', 2],
  ['app-5', 8],
  ['app-6', 0],
  ['app-10.shop.internal', 8],
  ['other', 0],
] as const)
  test(`${name} restarts ${String(seconds)} s after the first`, () => {
    assert.is(turnOf(name, 10), seconds);
  });

const filled = (template: string, attributes: Readonly<Record<string, unknown>>): Promise<string> =>
  fill({ template, attributes }, openSecrets(namedSecrets)).then(
    (done) => done.text,
    (error: unknown) => (error as Error).message,
  );

for (const [template, attributes, wanted] of [
  ['{{ a | json }}', { a: 'say "hi"\n' }, '"say \\"hi\\"\\n"'],
  ['{{ a | json }}', { a: 8080 }, '8080'],
  ['{{ a | json }}', { a: { secret: 'db', key: 'password' } }, '"db/password"'],
  ['{{a|env}}', { a: 'http://x/?a=1' }, '"http://x/?a=1"'],
  ['{{ a | env }}', { a: '10.0.0.1:80,10.0.0.2:80' }, '10.0.0.1:80,10.0.0.2:80'],
  ['{{ a | env }}', { a: '"$x" \\' }, '"\\"\\$x\\" \\\\"'],
  ['{{ a | ini }}', { a: 'a;"$b"' }, `'a;"$b"'`],
  ['{{ a | ini }}', { a: `it's "$b"` }, `"it's \\"\\$b\\""`],
  ['{{ a | shout }}', { a: 'x' }, 'unknown attribute "a | shout" in the template'],
] as const)
  test(`${template} of ${JSON.stringify(attributes)}`, async () => {
    assert.is(await filled(template, attributes), wanted);
  });
