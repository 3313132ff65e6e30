import { millis } from '../../../api-types/units.js';
import { systemClock, type Clock } from '../../../runtime/clock.js';
import { openObserved } from '../../../store/observed/observed.js';
import { assert, suite } from '../../suite.js';

const handClock = () => {
  let now = 1_000;
  let slept = 0;
  const clock: Clock = { ...systemClock, monotonic: () => millis(now), now: () => millis(now + slept) };
  return {
    clock,
    /** The whole machine is suspended: only the wall clock goes on. */
    sleep: (by: number) => {
      slept += by;
    },
    pass: (by: number) => {
      now += by;
    },
  };
};

const anybody = () => true;
const link = (gateway: string, session = 5) => ({ machine: 'i-1', session, gateway });
const measured = (sequence: number, load1 = 1) => ({
  sequence,
  load1,
  memoryUsedBytes: 1,
  memoryTotalBytes: 2,
  diskUsedBytes: 3,
  diskTotalBytes: 4,
});

const observed = suite('observed hosts');

observed('a machine nobody heard of is null', () => {
  assert.is(openObserved(handClock()).get('i-1'), null);
});

observed('silence grows on the monotonic clock from the last report', () => {
  const hand = handClock();
  const view = openObserved(hand);
  view.connected(link('a'), anybody);
  view.report(link('a'), measured(1), anybody);
  hand.pass(7_000);
  assert.is(view.get('i-1')?.silentFor, 7_000);
  assert.is(view.listeningFor(), 7_000);
});

observed('listening begins anew after the machine slept, or this process was stopped', () => {
  const hand = handClock();
  const view = openObserved(hand);
  for (let at = 0; at < 100; at += 10) {
    hand.pass(10_000);
    view.listeningFor();
  }
  assert.is(view.listeningFor(), 100_000);
  hand.sleep(3_600_000);
  assert.is(view.listeningFor(), 0);
  hand.pass(20_000);
  assert.is(view.listeningFor(), 20_000);
  hand.pass(31_000);
  assert.is(view.listeningFor(), 0);
});

observed('a disconnection shows, and counts as no sign of life', () => {
  const hand = handClock();
  const view = openObserved(hand);
  view.connected(link('a'), anybody);
  hand.pass(3_000);
  view.disconnected(link('a'));
  assert.is(view.get('i-1')?.connected, false);
  assert.is(view.get('i-1')?.silentFor, 3_000);
});

observed('the end of an old connection does not touch the new one', () => {
  const view = openObserved(handClock());
  view.connected(link('a', 5), anybody);
  view.connected(link('b', 6), anybody);
  view.disconnected(link('a', 5));
  assert.is(view.get('i-1')?.connected, true);
});

observed('reports of unknown machines and wild sequences are refused and counted', () => {
  const view = openObserved(handClock());
  view.connected(link('a'), anybody);
  assert.is(
    view.report(link('a'), measured(1), () => false),
    false,
  );
  assert.is(view.report(link('a'), measured(1_001), anybody), false);
  assert.is(view.report(link('a'), measured(1_000), anybody), true);
  assert.is(view.report(link('a'), measured(2_000), anybody), true);
  assert.equal(view.refusals(), { unknownMachine: 1, sequenceTooFarAhead: 1 });
});

observed('a peer hears of a host through a delta that carries age', () => {
  const [here, there] = [handClock(), handClock()];
  there.pass(500_000);
  const [a, b] = [openObserved(here), openObserved(there)];
  a.connected(link('a'), anybody);
  a.report(link('a'), measured(1, 4), anybody);
  here.pass(2_000);
  b.merge(a.deltaSince(0, 'b').entries, 'a', anybody);
  assert.is(b.get('i-1')?.load1, 4);
  assert.is(b.get('i-1')?.silentFor, 2_000);
});

observed('a delta has only what is new, and nothing goes back to whom it came from', () => {
  const [a, b] = [openObserved(handClock()), openObserved(handClock())];
  a.connected(link('a'), anybody);
  const first = a.deltaSince(0, 'b');
  assert.is(first.entries.length, 1);
  assert.is(a.deltaSince(first.version, 'b').entries.length, 0);
  b.merge(first.entries, 'a', anybody);
  assert.is(b.deltaSince(0, 'a').entries.length, 0);
  assert.is(b.deltaSince(0, 'c').entries.length, 1);
});

observed('hosts of a dead gateway are not connected; a later session elsewhere is', () => {
  const view = openObserved(handClock());
  view.connected(link('a'), anybody);
  view.gatewayLost('a');
  assert.is(view.get('i-1')?.connected, false);
  view.connected(link('b', 6), anybody);
  assert.is(view.get('i-1')?.connected, true);
});

observed('changes tell of connections, disconnections and first words, not of heartbeats', () => {
  const view = openObserved(handClock());
  const told: string[] = [];
  const listening = view.changes$.subscribe((machine) => told.push(machine));
  view.connected(link('a'), anybody);
  view.report(link('a'), measured(1), anybody);
  view.report(link('a'), measured(2), anybody);
  view.disconnected(link('a'));
  listening.unsubscribe();
  assert.equal(told, ['i-1', 'i-1']);
});

observed('an entry goes with its machine', () => {
  const view = openObserved(handClock());
  view.connected(link('a'), anybody);
  view.forget('i-1');
  assert.is(view.get('i-1'), null);
  assert.equal(view.machines(), []);
});
