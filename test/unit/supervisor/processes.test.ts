/** Which processes are a service's, among made-up ones: numbers are given anew when their processes have ended. */
import {
  membersAmong,
  type Known,
  type Process,
  type Traces,
} from '../../../recipes/services/supervisor/processes.js';
import { assert, suite } from '../../suite.js';

const process = (pid: number, more: Partial<Process> = {}): Process => ({
  pid,
  parent: 1,
  session: pid,
  started: '100',
  ...more,
});

const known = (pid: number, started = '100'): Known => ({ pid, started });

interface Row {
  readonly name: string;
  readonly found: readonly Process[];
  readonly traces?: Partial<Traces>;
  readonly marked?: readonly number[];
  readonly members: readonly number[];
  readonly sessions?: readonly number[];
}

const ROWS: readonly Row[] = [
  {
    name: 'those that bear the mark, and all that descend from them',
    found: [process(13, { parent: 12 }), process(12, { parent: 11 }), process(11), process(20)],
    marked: [11],
    members: [13, 12, 11],
  },
  {
    name: 'those in a session, its leader too',
    found: [process(10), process(11, { session: 10 }), process(20)],
    traces: { sessions: [known(10)] },
    members: [10, 11],
    sessions: [10],
  },
  {
    name: 'those that the leader of their session has left behind',
    found: [process(11, { session: 10, started: '105' })],
    traces: { sessions: [known(10)] },
    members: [11],
    sessions: [10],
  },
  {
    name: 'a session that nobody is left in is forgotten',
    found: [process(20)],
    traces: { sessions: [known(10), known(20)] },
    members: [20],
    sessions: [20],
  },
  {
    name: 'not a session whose number another process has by now',
    found: [process(10, { started: '900' }), process(11, { session: 10, started: '901' })],
    traces: { sessions: [known(10)] },
    members: [],
  },
  {
    name: 'not when that process has led no session either',
    found: [process(10, { session: 5, started: '900' }), process(11, { session: 10, started: '901' })],
    traces: { sessions: [known(10)] },
    members: [],
  },
  {
    name: 'the main process, and its children',
    found: [process(10), process(11, { parent: 10 })],
    traces: { main: known(10) },
    members: [10, 11],
  },
  {
    name: 'not one that has the number of the main process by now, nor its children',
    found: [process(10, { started: '900' }), process(11, { parent: 10 })],
    traces: { main: known(10) },
    members: [],
  },
];

const test = suite('processes of a service');

for (const { name, found, traces = {}, marked = [], members, sessions = [] } of ROWS)
  test(name, () => {
    const own = membersAmong(found, { main: null, sessions: [], ...traces }, (pid) => marked.includes(pid));
    assert.equal(
      own.members.map(({ pid }) => pid),
      members,
    );
    assert.equal(
      own.sessions.map(({ pid }) => pid),
      sessions,
    );
  });
