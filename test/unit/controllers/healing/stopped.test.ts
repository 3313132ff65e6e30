import { NEVER } from 'rxjs';
import type { InstanceStatus } from '../../../../api-types/kinds/instance.js';
import { millis } from '../../../../api-types/units.js';
import { signsOf } from '../../../../controllers/healing/observe.js';
import { findingOf, type Finding } from '../../../../controllers/healing/signs.js';
import type { ObservedHost } from '../../../../runtime/hosts.js';
import { machine, readyInstance } from '../../../build/objects.js';
import { assert, suite } from '../../../suite.js';
import { NOW, ago, hostOf, type HostRow } from './hosts.js';

const test = suite('healing of hosts that were stopped and are to run again');

const stopped = (state: 'stopped' | 'pending' | 'running', of = 'i-app-1'): Partial<InstanceStatus> => ({
  machine: machine('i-app-1', { state }),
  stop: { machine: of, askedAt: ago(7100), calledAt: ago(7000) },
});

const table: readonly { readonly name: string; readonly host: HostRow; readonly finding: Finding }[] = [
  {
    name: 'stopped by us: not failed, it is to be started',
    host: { cloud: 'stopped', silentSeconds: 7000, status: stopped('stopped') },
    finding: 'booting',
  },
  {
    name: 'stopped by us, and starting: given time',
    host: { cloud: 'running', silentSeconds: 7000, status: stopped('pending') },
    finding: 'booting',
  },
  {
    name: 'stopped by us once, and running: silence counts',
    host: { cloud: 'running', silentSeconds: 700, status: stopped('running') },
    finding: 'silent',
  },
  {
    name: 'another machine was stopped by us: this one failed',
    host: { cloud: 'stopped', silentSeconds: 700, status: stopped('stopped', 'i-old') },
    finding: 'failed',
  },
];

for (const { name, host, finding } of table)
  test(name, () => {
    assert.is(findingOf(hostOf(host), 25_000), finding);
  });

const RESTARTS: readonly {
  readonly name: string;
  readonly calledAgo: number;
  readonly done?: true;
  readonly finding: Finding;
}[] = [
  { name: 'rebooted for a person: its silence is expected', calledAgo: 200, finding: 'booting' },
  { name: 'rebooted for a person, and not back in time', calledAgo: 301, finding: 'silent' },
  { name: 'rebooted for a person, and back', calledAgo: 200, done: true, finding: 'silent' },
];

for (const { name, calledAgo, done, finding } of RESTARTS)
  test(name, () => {
    const restart = {
      askedAt: ago(calledAgo),
      machine: 'i-app-1',
      calledAt: ago(calledAgo),
      ...(done === undefined ? {} : { doneAt: ago(190) }),
    };
    const host = { machine: 'i-app-1', connected: false, silentFor: millis(150_000) } as ObservedHost;
    const signs = signsOf(readyInstance('app-1', { status: { restart } }), {
      open: null,
      roles: new Map(),
      hosts: { get: () => host, changes$: NEVER, listeningFor: () => millis(8_000_000) },
      listenedFor: 8_000_000,
      now: NOW,
    });
    assert.is(findingOf(signs, 25_000), finding);
  });

test('a machine that was started again owes a heartbeat only since then', () => {
  const host = { machine: 'i-app-1', connected: false, silentFor: millis(7_000_000) } as ObservedHost;
  const bound = machine('i-app-1', { runningAt: ago(5) });
  const signs = signsOf(readyInstance('app-1', { status: { machine: bound } }), {
    open: null,
    roles: new Map(),
    hosts: { get: () => host, changes$: NEVER, listeningFor: () => millis(8_000_000) },
    listenedFor: 8_000_000,
    now: NOW,
  });
  assert.is(signs.silentFor, 5_000);
});
