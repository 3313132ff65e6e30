/** What unit files and what they name say, by table. */
import {
  assignmentsIn,
  parseEnvironmentFile,
  parseTimeSpan,
  parseUnitText,
  splitWords,
} from '../../../recipes/services/supervisor/unit-text.js';
import { assert, suite } from '../../suite.js';

const test = suite('the text of unit files');

test('sections, comments, and lines that go on', () => {
  const text = `# a comment
[Unit]
Description = Web = best
; another

[Service]
ExecStart=/bin/web \\
# a comment between
  --port 80
no assignment
ExecStart=
[Install]
WantedBy=multi-user.target`;
  assert.equal(
    parseUnitText(text).map(({ section, key, value }) => [section, key, value]),
    [
      ['Unit', 'Description', 'Web = best'],
      ['Service', 'ExecStart', '/bin/web    --port 80'],
      ['Service', 'ExecStart', ''],
      ['Install', 'WantedBy', 'multi-user.target'],
    ],
  );
});

for (const [text, words] of [
  ['a  b\tc', ['a', 'b', 'c']],
  ['"a b" \'c "d\'', ['a b', 'c "d']],
  ['--x="a b"', ['--x=a b']],
  ['a\\x20b \\tc \\\\', ['a b', '\tc', '\\']],
  ['""', ['']],
  ['', []],
  [' sh -c "echo \\"hi\\"" ', ['sh', '-c', 'echo "hi"']],
  ['grep \\d', ['grep', '\\d']],
] as const)
  test(`words of ${JSON.stringify(text)}`, () => {
    assert.equal(splitWords(text), words);
  });

for (const [text, millis] of [
  ['90', 90_000],
  ['500ms', 500],
  ['1min 30s', 90_000],
  ['2h', 7_200_000],
  ['0.5', 500],
  ['infinity', Infinity],
  ['0', 0],
  ['', null],
  ['soon', null],
  ['3 fortnights', null],
] as const)
  test(`${JSON.stringify(text)} as a time`, () => {
    assert.is(parseTimeSpan(text), millis);
  });

test('assignments of Environment=', () => {
  assert.equal(assignmentsIn('A=1 "B=two words" C= 9bad=x none'), [
    ['A', '1'],
    ['B', 'two words'],
    ['C', ''],
  ]);
});

test('environment files', () => {
  const text = `# options
OPTS="-a -b"
PLAIN=one two
SINGLE='$HOME "x"'
ESCAPED="a\\"b"
LONG=a\\
b
export NOT=1
`;
  assert.equal(parseEnvironmentFile(text), [
    ['OPTS', '-a -b'],
    ['PLAIN', 'one two'],
    ['SINGLE', '$HOME "x"'],
    ['ESCAPED', 'a"b'],
    ['LONG', 'a b'],
  ]);
});
