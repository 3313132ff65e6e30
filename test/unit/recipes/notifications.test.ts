/** Services, and what changes make happen to them. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Notification, Resource } from '../../../recipes/resource.js';
import { untilTrue } from '../../build/gateways.js';
import { assert } from '../../suite.js';
import {
  apply,
  db,
  file,
  onStage,
  reload,
  restart,
  says,
  settled,
  text,
  unit,
  web,
  type Stage,
} from './stage.js';

const test = onStage('services and notifications');

test('a service is started when it does not run; its unit is written first', async (context) => {
  assert.equal((await apply(context, [db])).changed, ['service[db]']);
  assert.equal(context.services.calls, ['readUnits', 'start db']);
  assert.is(await text(context.root, 'etc/systemd/system/db.service'), unit);
  assert.equal(await apply(context, [db]), { changed: [], failure: null });
});

test('a changed unit restarts a running service, at the end', async (context) => {
  await apply(context, [web, says('last')]);
  assert.equal(context.services.calls, ['readUnits', 'restart web']);
});

test('a service that starts and dies is a failure with its reason', async (context) => {
  context.services.dies('db', 'exit code 1, it said: no such table');
  const { failure, changed } = await apply(context, [db]);
  assert.match(
    failure ?? '',
    /^service\[db\]: db was started and does not run: exit code 1, it said: no such table/,
  );
  assert.equal(changed, []);
});

test('a service without a unit is left out with a note on a host that is a folder', async (context) => {
  const other: Resource = { type: 'service', name: 'other', state: 'running', enabled: true };
  const { failure, notes } = await apply(context, [
    other,
    file('x', { action: 'restart', resource: 'service[other]' }),
  ]);
  assert.is(failure, null);
  assert.match(notes?.[0] ?? '', /^the service other is left out/);
  assert.equal(context.services.calls, []);
});

test('notified twice: restarted once, after everything', async (context) => {
  await settled(context);
  const second: Resource = { type: 'file', path: '/etc/more.conf', content: '', notifies: [restart, reload] };
  await apply(context, [file('x', reload), second, web]);
  assert.equal(context.services.calls, ['restart web']);
});

test('nothing changed: nobody is notified', async (context) => {
  await settled(context);
  await apply(context, [file('x', restart), web]);
  await apply(context, [file('x', restart), web]);
  assert.equal(context.services.calls, ['restart web']);
});

test('what belongs to a reload is done with it, and left where the run has started the service', async (context) => {
  const along: Resource = {
    type: 'execute',
    name: 'keep',
    command: ['sh', '-c', 'echo kept >>"$SCALARIUM_ROOT/kept"'],
    only: 'notified',
    ofReload: 'service[db]',
  };
  const of = (content: string): Resource => ({
    type: 'file',
    path: '/etc/db.conf',
    content,
    notifies: [
      { action: 'run', resource: 'execute[keep]' },
      { action: 'reload', resource: 'service[db]' },
    ],
  });
  await apply(context, [of('one'), db, along]);
  assert.is(existsSync(join(context.root, 'kept')), false);
  await apply(context, [of('two'), db, along]);
  assert.is(await text(context.root, 'kept'), 'kept\n');
});

test('a reload of one that cannot reload is a restart', async (context) => {
  await settled(context);
  await apply(context, [file('x', reload), { ...web, reload: 'restart' }]);
  assert.equal(context.services.calls, ['restart web']);
});

test('one that was only started by this run is not restarted for what came before', async (context) => {
  const notifies: Notification = { action: 'restart', resource: 'service[db]' };
  await apply(context, [file('x', notifies), db]);
  assert.equal(context.services.calls, ['readUnits', 'start db']);
});

test('a failure leaves no service with an old configuration', async (context) => {
  await settled(context);
  const { failure } = await apply(context, [
    file('x', restart),
    web,
    says('no', { unless: ['/no/such'] }),
    says('never'),
  ]);
  assert.match(failure ?? '', /^execute\[no\]/);
  assert.equal(context.services.calls, ['restart web']);
  assert.is((await readdir(context.root)).includes('said'), false);
});

test('an execute that is only notified runs once, at once or at the end', async (context) => {
  const only = (name: string): Resource => says(name, { only: 'notified' });
  const run = (name: string, when: Notification['when']): Notification => ({
    action: 'run',
    resource: `execute[${name}]`,
    when,
  });
  const resources = [
    says('begin', { notifies: [run('late', 'end'), run('soon', 'immediately')] }),
    only('soon'),
    only('late'),
    says('end', { notifies: [run('late', 'end')] }),
    only('never'),
  ];
  assert.equal((await apply(context, resources)).changed, [
    'execute[begin]',
    'execute[soon]',
    'execute[end]',
    'execute[late]',
  ]);
  assert.is(await text(context.root, 'said'), 'begin\nsoon\nend\nlate\n');
});

test('two that notify each other end', async (context) => {
  const a = says('a', { notifies: [{ action: 'run', resource: 'execute[b]', when: 'immediately' }] });
  const b = says('b', { only: 'notified', notifies: [{ action: 'run', resource: 'execute[a]' }] });
  assert.is((await apply(context, [a, b])).failure, null);
  assert.is(await text(context.root, 'said'), 'a\nb\na\nb\n');
});

for (const row of [
  {
    name: 'that is not there',
    to: { action: 'run', resource: 'execute[x]' },
    why: /notifies execute\[x\], which is not in this run/,
  },
  {
    name: 'of another type',
    to: { action: 'run', resource: 'service[web]' },
    why: /to run, which is for resources of type execute/,
  },
] as const) {
  test(`a notification of a resource ${row.name}: nothing is touched`, async (context) => {
    assert.match((await apply(context, [says('a'), file('x', row.to), web])).failure ?? '', row.why);
    assert.equal(await readdir(context.root), []);
  });
}

const owed = onStage('what a run that was cut short owes');

const cutShort = async (stage: Stage): Promise<void> => {
  const cut = new AbortController();
  const end: Resource = {
    type: 'execute',
    name: 'end',
    command: ['sh', '-c', 'echo begun > begun; exec sleep 60'],
    onlyIf: ['sh', '-c', 'test ! -e begun'],
  };
  const run = apply(stage, [file('new', restart), end, web], { signal: cut.signal });
  await untilTrue('the run has come to its command', () => existsSync(join(stage.root, 'begun')));
  cut.abort();
  assert.not.equal((await run).failure, null);
};

owed('the next run restarts, though it finds nothing changed; the one after it does not', async (stage) => {
  await settled(stage);
  await cutShort(stage);
  assert.equal(stage.services.calls, []);
  assert.equal((await apply(stage, [file('new', restart), web])).changed, []);
  assert.equal(stage.services.calls, ['restart web']);
  await apply(stage, [file('new', restart), web]);
  assert.equal(stage.services.calls, ['restart web']);
});

owed('a run without the service leaves it owed, and a dry run shows it', async (stage) => {
  await settled(stage);
  await cutShort(stage);
  await apply(stage, [file('new')]);
  const { diffs } = await apply(stage, [file('new', restart), web], { dryRun: true });
  assert.equal(diffs, [{ resource: 'service[web]', diff: 'restart, notified by file[/etc/web.conf]' }]);
  assert.equal(stage.services.calls, []);
  await apply(stage, [file('new', restart), web]);
  assert.equal(stage.services.calls, ['restart web']);
});

owed('a restart that failed is tried again', async (stage) => {
  await settled(stage);
  stage.services.refuses('restart web');
  assert.match((await apply(stage, [file('new', restart), web])).failure ?? '', /restart refused/);
  assert.is((await apply(stage, [file('new', restart), web])).failure, null);
  assert.equal(stage.services.calls, ['restart web', 'restart web']);
});

owed('when all is done nothing is left on disk', async (stage) => {
  await settled(stage);
  await apply(stage, [file('new', restart), web]);
  assert.not(existsSync(join(stage.root, 'var/lib/scalarium/owed.json')));
});

owed(
  'one whose check fails has changed nothing: it owes nothing, so the next runs do not restart',
  async (stage) => {
    await settled(stage);
    const wrong: Resource = {
      type: 'template',
      path: '/etc/x',
      template: '{{ no }}',
      attributes: {},
      notifies: [restart],
    };
    for (let run = 0; run < 3; run += 1)
      assert.match(
        (await apply(stage, [file('new', restart), web, wrong])).failure ?? '',
        /unknown attribute "no"/,
      );
    assert.equal(stage.services.calls, ['restart web']);
  },
);

owed('what failed half way and was served all the same owes nothing', async (stage) => {
  await settled(stage);
  const half = says('half', { command: ['sh', '-c', 'exit 1'], notifies: [restart] });
  await apply(stage, [file('new'), half, web]);
  assert.equal(stage.services.calls, []);
  await apply(stage, [file('newer', restart), web]);
  assert.equal(stage.services.calls, ['restart web']);
  await apply(stage, [file('newer', restart), web]);
  assert.equal(stage.services.calls, ['restart web']);
});

test('what is notified at once and fails is named itself, and the run stops', async (context) => {
  const now: Notification = { action: 'run', resource: 'execute[broken]', when: 'immediately' };
  const broken = says('broken', { only: 'notified', command: ['false'], at: 'recipes/x.ts:9' });
  const { failure } = await apply(context, [file('x', now), broken, says('after')]);
  assert.match(failure ?? '', /^execute\[broken\] \(recipes\/x\.ts:9\): command "false": exit code 1/);
  assert.not(existsSync(join(context.root, 'said')));
});
