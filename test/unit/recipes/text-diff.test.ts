import { textDiff } from '../../../recipes/text-diff.js';
import { assert, suite } from '../../suite.js';

const test = suite('a unified diff of two texts');

const numbers = (count: number): readonly string[] =>
  Array.from({ length: count }, (_item, index) => String(index + 1));
const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const cases: readonly {
  readonly name: string;
  readonly before: string | null;
  readonly after: string;
  readonly diff: readonly string[];
}[] = [
  { name: 'nothing differs', before: 'a\n', after: 'a\n', diff: [] },
  {
    name: 'a new file',
    before: null,
    after: 'a\n',
    diff: ['--- /dev/null', '+++ /f', '@@ -0,0 +1,1 @@', '+a'],
  },
  { name: 'all goes', before: 'a\n', after: '', diff: ['--- /f', '+++ /f', '@@ -1,1 +0,0 @@', '-a'] },
  {
    name: 'a line is changed, with three lines around it',
    before: text(numbers(9)),
    after: text(numbers(9).map((line) => (line === '5' ? 'five' : line))),
    diff: ['--- /f', '+++ /f', '@@ -2,7 +2,7 @@', ' 2', ' 3', ' 4', '-5', '+five', ' 6', ' 7', ' 8'],
  },
  {
    name: 'two places far apart',
    before: text(numbers(20)),
    after: text(['0', ...numbers(20).filter((line) => line !== '20')]),
    diff: [
      '--- /f',
      '+++ /f',
      '@@ -1,3 +1,4 @@',
      '+0',
      ' 1',
      ' 2',
      ' 3',
      '@@ -17,4 +18,3 @@',
      ' 17',
      ' 18',
      ' 19',
      '-20',
    ],
  },
  {
    name: 'no line end at the end',
    before: 'a\n',
    after: 'a',
    diff: ['--- /f', '+++ /f', '@@ -1,1 +1,2 @@', ' a', '+\\ No newline at end of file'],
  },
];

for (const { name, before, after, diff } of cases) {
  test(name, () => {
    assert.is(textDiff('/f', before, after), diff.join('\n'));
  });
}

test('two long texts that have nothing in common take no time', () => {
  const long = (letter: string): string => text(numbers(5_000).map((line) => letter + line));
  assert.is(textDiff('/f', long('a'), long('b')).split('\n').length, 3 + 10_000);
});
