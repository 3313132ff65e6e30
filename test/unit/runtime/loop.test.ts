import * as TE from 'fp-ts/lib/TaskEither.js';
import { Observable, Subject } from 'rxjs';
import { millis, seconds } from '../../../api-types/units.js';
import { seededChance } from '../../../runtime/chance.js';
import { runAfter, settled, type Controller, type Outcome } from '../../../runtime/controller.js';
import { conflict, stalled, transient, type Failure } from '../../../runtime/failure.js';
import { silentLog, type Log, type LogKeys } from '../../../runtime/log.js';
import { startLoop } from '../../../runtime/loop.js';
import { startManager } from '../../../runtime/manager.js';
import { virtualClock } from '../../fake/clock.js';
import { assert, suite } from '../../suite.js';

const test = suite('the loop');

type Script = (run: number, key: string) => TE.TaskEither<Failure, Outcome>;

const scripted = (script: Script, concurrency?: number) => {
  const wake$ = new Subject<string>();
  const ran: string[] = [];
  const controller: Controller = {
    name: 'scripted',
    wake$,
    ...(concurrency === undefined ? {} : { concurrency }),
    reconcile: (key) => {
      ran.push(key);
      return script(ran.length, key);
    },
  };
  return { wake$, ran, controller };
};

const started = (script: Script, log: Log = silentLog, concurrency?: number) => {
  const clock = virtualClock();
  const world = scripted(script, concurrency);
  const loop = startLoop({ controller: world.controller, clock, chance: seededChance(1), log });
  return { ...world, clock, loop };
};

test('runs a key when it is woken, and again when the outcome says so', async () => {
  const { wake$, ran, clock, loop } = started((run) =>
    TE.right(run === 1 ? runAfter(seconds(10), 'look again') : settled),
  );
  wake$.next('a');
  await clock.advance(9_999);
  assert.equal(ran, ['a']);
  await clock.advance(1);
  assert.equal(ran, ['a', 'a']);
  await clock.advance(100_000);
  assert.is(ran.length, 2);
  const { runs } = loop.metrics();
  assert.equal([runs.Settled, runs.After], [1, 1]);
});

test('a failure backs off, and a success ends the row', async () => {
  const { wake$, ran, clock, loop } = started((run) =>
    run <= 4 ? TE.left(transient('Throttled', 'slow down')) : TE.right(settled),
  );
  wake$.next('a');
  await clock.advance(500);
  assert.is(ran.length, 2);
  await clock.advance(8_000);
  assert.is(ran.length, 5);
  assert.equal([loop.metrics().runs.Transient, loop.metrics().runs.Settled], [4, 1]);
});

test('a conflict runs again at once; a stall waits to be woken', async () => {
  const { wake$, ran, clock } = started((run) =>
    TE.left(run === 1 ? conflict('somebody wrote') : stalled('Broken', 'mend it')),
  );
  wake$.next('a');
  await clock.advance(50);
  assert.is(ran.length, 2);
  await clock.advance(3_600_000);
  assert.is(ran.length, 2);
  wake$.next('a');
  await clock.settle();
  assert.is(ran.length, 3);
});

test('what is thrown is caught, counted, logged with its cause and retried; other keys go on', async () => {
  const lines: { message: string; keys: LogKeys }[] = [];
  const log: Log = {
    ...silentLog,
    error: (message, keys) => lines.push({ message, keys: keys ?? {} }),
    with: () => log,
  };
  const { wake$, ran, clock, loop } = started(
    (_run, key) =>
      key === 'bad' ? () => Promise.reject(new Error('undefined is not a function')) : TE.right(settled),
    log,
  );
  wake$.next('bad');
  wake$.next('good');
  await clock.advance(10);
  assert.equal(ran, ['bad', 'good']);
  assert.is((lines[0]?.keys['cause'] as Error).message, 'undefined is not a function');
  await clock.advance(1_000);
  assert.equal([loop.metrics().runs.Defect, loop.metrics().runs.Settled], [2, 1]);
});

test('runs no more keys at a time than the controller allows, and no key twice at once', async () => {
  let atOnce = 0;
  let most = 0;
  const slow: Script = () => async () => {
    atOnce += 1;
    most = Math.max(most, atOnce);
    await clock.sleep(millis(100));
    atOnce -= 1;
    return { _tag: 'Right', right: settled };
  };
  const { wake$, ran, clock, loop } = started((run, key) => slow(run, key), silentLog, 2);
  for (const key of ['a', 'b', 'c', 'a', 'a']) wake$.next(key);
  await clock.settle();
  assert.equal([loop.metrics().running, loop.metrics().depth], [2, 1]);
  await clock.advance(1_000);
  assert.is(most, 2);
  assert.equal(ran, ['a', 'b', 'c', 'a']);
});

test('drain waits for runs under way and begins no other', async () => {
  const { wake$, ran, clock, loop } = started(() => async () => {
    await clock.sleep(millis(100));
    return { _tag: 'Right', right: runAfter(millis(1), 'again') };
  });
  wake$.next('a');
  await clock.settle();
  let drained = false;
  const draining = loop.drain().then(() => {
    drained = true;
  });
  wake$.next('b');
  await clock.advance(50);
  assert.not(drained);
  await clock.advance(1_000);
  await draining;
  assert.equal(ran, ['a']);
});

test('a stream of keys that breaks is taken up again', async () => {
  const clock = virtualClock();
  const ran: string[] = [];
  let subscriptions = 0;
  const controller: Controller = {
    name: 'broken',
    wake$: new Observable((subscriber) => {
      subscriptions += 1;
      if (subscriptions === 1) subscriber.error(new Error('must not happen'));
      else subscriber.next('a');
    }),
    reconcile: (key) => {
      ran.push(key);
      return TE.right(settled);
    },
  };
  startLoop({ controller, clock, chance: seededChance(1), log: silentLog });
  await clock.advance(1_000);
  assert.equal(ran, ['a']);
});

test('the manager names controllers that do not finish within the limit', async () => {
  const clock = virtualClock();
  const stuck = scripted(() => () => new Promise(() => undefined));
  const quick = scripted(() => TE.right(settled));
  const controllers = [
    { ...stuck.controller, name: 'stuck' },
    { ...quick.controller, name: 'quick' },
  ];
  const manager = startManager({
    controllers,
    clock,
    chance: seededChance(1),
    log: silentLog,
    drainLimit: seconds(5),
  });
  stuck.wake$.next('a');
  quick.wake$.next('a');
  await clock.settle();
  const stopping = manager.stop();
  await clock.advance(5_000);
  assert.equal(await stopping, ['stuck']);
});
