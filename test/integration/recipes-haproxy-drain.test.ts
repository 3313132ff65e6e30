/** What HAProxy is at with servers that leave is waited for, and none of its backends is ever without one: by the real program. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { SnapshotApplication, SnapshotHost } from '../../api-types/snapshot.js';
import { freePort } from '../build/free-port.js';
import { eventually } from '../e2e/world.js';
import { assert } from '../suite.js';
import { released, withReleases } from '../unit/recipes/releases.js';
import { host, role } from '../unit/recipes/world.js';
import { answerers, holding, load } from './balanced-load.js';
import {
  ask,
  configured,
  haproxyOf,
  installed,
  listening,
  named,
  onBalancer,
  started,
  written,
  type Stage,
} from './balancer.js';

const test = onBalancer('servers that leave, by the real HAProxy');

/** Checks come at the start and never again; the role itself waits for nothing. */
const HAPROXY = { checkSeconds: 3600, leaveSeconds: 0, defaultApplication: 'shop' };

/** By host, where it answers for each application. */
type Where = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** `shop` and `blog` on hosts of one role. */
const cluster = (
  stage: Stage,
  where: Where,
  more: {
    readonly shop?: Partial<SnapshotApplication>;
    readonly hosts?: Readonly<Record<string, Partial<SnapshotHost>>>;
  } = {},
) =>
  withReleases(
    {
      shop: released(['app'], { type: 'other', port: 9 }, { drainSeconds: 30, ...more.shop }),
      blog: released(['app'], { type: 'other', port: 10, domains: ['blog.example.com'] }),
    },
    {
      roles: { lb: role('load-balancer', { haproxy: haproxyOf(stage, HAPROXY) }), app: role('custom') },
      hosts: {
        'lb-1': host('lb', '127.0.0.1'),
        ...Object.fromEntries(
          Object.entries(where).map(([name, ports]) => [
            name,
            host('app', '127.0.0.1', { ports, ...more.hosts?.[name] }),
          ]),
        ),
      },
    },
  );

const OUT = { out: ['shop'] };
const slowly = ({ ports }: Stage): Promise<string> =>
  ask({ port: ports.http, path: '/slow' }).then(({ by }) => by);

const runs = (run: Promise<void>): { ended: boolean; readonly run: Promise<void> } => {
  const state = { ended: false, run: run.then(() => void (state.ended = true)) };
  return state;
};

/** A program that SIGTERM ends at once, with what it is answering; `/slow` takes it so long. */
const program = async (name: string, slowMillis: number) => {
  const port = await freePort();
  const code = `require('node:http').createServer((asked, answer) =>
    asked.url === '/slow'
      ? (process.send('slow'), setTimeout(() => answer.end('slow ${name}'), ${String(slowMillis)}))
      : answer.end('${name}')).listen(${String(port)}, '127.0.0.1', () => process.send('listens'));`;
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await once(child, 'message');
  return {
    port,
    asked: once(child, 'message'),
    end: async (): Promise<void> => {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
};

if (!installed)
  test('NOT RUN: there is no haproxy, socat or openssl here', () => {
    process.stderr.write('\n*** HAPROXY: NOT TESTED HERE: haproxy, socat or openssl is missing ***\n');
  });
else {
  test('a host that leaves for one application is waited for, and answers for its other one', async (stage) => {
    const one = holding('one');
    const [first, second] = [await listening(stage, one.listener), await listening(stage, named('two'))];
    const blog = await listening(stage, named('blog one'));
    const where = { 'app-1': { shop: first, blog }, 'app-2': { shop: second, blog } };
    await written(stage, cluster(stage, where, { hosts: { 'app-2': OUT } }));
    await started(stage);
    const long = slowly(stage);
    await eventually('it waits', () => one.held() === 1);
    await configured(stage, cluster(stage, where));
    // the slow one is the process of before's by now
    const going = load(stage);
    const state = runs(configured(stage, cluster(stage, where, { hosts: { 'app-1': OUT } })));
    await eventually('it has nothing new', async () => (await answerers(stage)).join() === 'two');
    const seen = going.answered();
    await eventually('requests went on', () => going.answered() > seen + 50);
    assert.is(state.ended, false, 'what it is at is not done yet');
    assert.is((await ask({ port: stage.ports.http, host: 'blog.example.com' })).by, 'blog one');
    one.finish();
    assert.is(await long, 'slow one');
    await state.run;
    assert.equal(await answerers(stage), ['two']);
    assert.equal(await going.end(), []);
  });

  for (const master of ['', '/nowhere/master.sock'])
    test(`all hosts go and others come in one change${master && ', and no master process answers'}: not one request is refused, the slow one is answered, and back`, async (stage) => {
      if (master !== '') stage.master = master;
      const [blue, green] = [holding('blue'), holding('green')];
      const where = {
        'app-1': { shop: await listening(stage, blue.listener) },
        'app-2': { shop: await listening(stage, green.listener) },
      };
      await written(stage, cluster(stage, where, { hosts: { 'app-2': OUT } }));
      await started(stage);
      const going = load(stage);
      for (const [from, to, gone] of [
        [blue, 'green', 'app-1'],
        [green, 'blue', 'app-2'],
      ] as const) {
        const long = slowly(stage);
        await eventually('it waits', () => from.held() === 1);
        const state = runs(configured(stage, cluster(stage, where, { hosts: { [gone]: OUT } })));
        await eventually('the others answer', async () => (await answerers(stage)).join() === to);
        const seen = going.answered();
        await eventually('requests went on', () => going.answered() > seen + 50);
        assert.is(state.ended, false, 'what those of before are at is not done yet');
        from.finish();
        assert.match(await long, 'slow');
        await state.run;
      }
      assert.equal(await going.end(), []);
    });

  test('a host moves to another port, and what listened at the old one dies at once on SIGTERM: no request is lost', async (stage) => {
    const [old, next] = [await program('old', 3_000), await program('new', 0)];
    await written(stage, cluster(stage, { 'app-1': { shop: old.port } }));
    await started(stage);
    const going = load(stage);
    const long = slowly(stage);
    await old.asked;
    await configured(stage, cluster(stage, { 'app-1': { shop: next.port } }));
    await old.end();
    assert.is(await long, 'slow old');
    assert.equal(await answerers(stage), ['new']);
    assert.equal(await going.end(), []);
    await next.end();
  });

  test('drainSeconds: 0 waits for nothing; what takes 6 s is waited for by 8, whoever else goes on', async (stage) => {
    for (const [drainSeconds, least, most, others] of [
      [0, 0, 5_000, false],
      [8, 5_500, 8_000, true],
      [8, 5_500, 8_000, false],
    ] as const) {
      const [old, next] = [await program('old', 6_000), await program('new', 0)];
      const before = { 'app-1': { shop: old.port }, 'app-2': { shop: next.port } };
      await written(
        stage,
        cluster(stage, before, { shop: { drainSeconds }, hosts: others ? {} : { 'app-2': OUT } }),
      );
      await started(stage);
      // each of two has one of them
      const long = Promise.all([slowly(stage), ...(others ? [slowly(stage)] : [])]);
      await old.asked;
      const begun = performance.now();
      const after = { 'app-2': { shop: next.port } };
      await configured(stage, cluster(stage, after, { shop: { drainSeconds } }));
      const took = performance.now() - begun;
      assert.ok(took >= least && took < most, `${String(drainSeconds)}: ${String(took)} ms`);
      await old.end();
      assert.is((await long).includes('slow old'), drainSeconds > 0);
      assert.equal(await answerers(stage), ['new']);
      stage.balancer?.kill('SIGKILL');
      await next.end();
    }
  });
}
