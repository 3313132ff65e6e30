import { type Command, parseCommand } from '../../../agent/local/arguments.js';
import { ageText, bytesText, eventsText, logText } from '../../../agent/local/words.js';
import { assert, suite } from '../../suite.js';

const test = suite('what scalarium-agent is told, and how it answers');

const local = { _tag: 'Local', root: '/', json: false, event: null, tail: 100, follow: false } as const;

const ROWS: readonly (readonly [words: string, expected: Partial<Command> | RegExp])[] = [
  ['agent', { _tag: 'Daemon', root: '/' }],
  [
    'agent --machine i-1 --root /x --address 127.0.0.2 --verbose',
    { _tag: 'Daemon', root: '/x', machine: 'i-1', address: '127.0.0.2', verbose: true },
  ],
  ['report', { ...local, verb: 'report' }],
  ['report -o json', { ...local, verb: 'report', json: true }],
  ['events --root /x', { ...local, verb: 'events', root: '/x' }],
  ['log --event setup-1 --tail 7 -f', { ...local, verb: 'log', event: 'setup-1', tail: 7, follow: true }],
  ['rerun setup-1', { ...local, verb: 'rerun', event: 'setup-1' }],
  ['version', { _tag: 'Version' }],
  ['help', { _tag: 'Help' }],
  ['log --help', { _tag: 'Help' }],
  ['', /a command is missing/],
  ['nonsense', /no command "nonsense"/],
  ['rerun', /the name of one event/],
  ['rerun a b', /the name of one event/],
  ['report now', /report takes no "now"/],
  ['report --event setup-1', /report takes no --event/],
  ['report -o yaml', /--output: expected text or json, got "yaml"/],
  ['log --tail many', /--tail: expected a whole number, got "many"/],
  ['log --nonsense', /--nonsense/],
];

for (const [words, expected] of ROWS)
  test(`"${words}"`, () => {
    const command = parseCommand(words.split(' ').filter((word) => word !== ''));
    if (expected instanceof RegExp) {
      assert.is(command._tag, 'Wrong');
      if (command._tag === 'Wrong') assert.match(command.problem, expected);
    } else assert.equal(command, expected);
  });

test('sizes, ages, lines', () => {
  assert.equal([0, 1023, 1024, 3.25 * 2 ** 30].map(bytesText), ['0 B', '1023 B', '1.0 KiB', '3.3 GiB']);
  const now = Date.parse('2026-01-01T10:00:00Z');
  const ages = ['2026-01-01T09:59:55Z', '2026-01-01T09:50:00Z', '2025-12-31T10:00:00Z'];
  assert.equal(
    ages.map((at) => ageText(at, now)),
    ['5 s ago', '10 min ago', '24 h ago'],
  );
  assert.is(
    logText('{"time":"T","level":"info","message":"event begins","event":"e-1","attempt":1}'),
    'T info event begins event=e-1 attempt=1',
  );
  assert.is(logText('no JSON'), 'no JSON');
  assert.is(eventsText([]), 'the journal holds no event\n');
});
