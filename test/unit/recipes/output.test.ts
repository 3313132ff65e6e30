import { Output, printable } from '../../../recipes/output.js';
import { assert, suite } from '../../suite.js';

const test = suite('what a command prints, as lines');

interface Heard {
  readonly lines: readonly string[];
  readonly last: string;
}

const heard = (chunks: readonly (string | Buffer)[], mask?: (text: string) => string): Heard => {
  const lines: string[] = [];
  const output = new Output({
    say: (line) => {
      lines.push(line);
    },
    ...(mask === undefined ? {} : { mask }),
  });
  const add = output.stream();
  for (const chunk of chunks) add(Buffer.from(chunk));
  output.end();
  return { lines, last: output.text() };
};

const cases: readonly {
  readonly name: string;
  readonly chunks: readonly (string | Buffer)[];
  readonly lines: readonly string[];
}[] = [
  { name: 'a line in two parts', chunks: ['on', 'e\ntwo\n'], lines: ['one', 'two'] },
  { name: 'a last line without an end', chunks: ['one\ntwo'], lines: ['one', 'two'] },
  { name: 'Windows line ends, also apart', chunks: ['one\r', '\ntwo\r\n'], lines: ['one', 'two'] },
  { name: 'a bar of progress', chunks: ['10 %\r20 %\rdone\n'], lines: ['10 %', '20 %', 'done'] },
  { name: 'half a character', chunks: [Buffer.from([0xc3]), Buffer.from([0xa4, 0x0a])], lines: ['ä'] },
  { name: 'binary', chunks: [Buffer.from([0x00, 0x07, 0xff, 0x41, 0x0a])], lines: ['\\x00\\x07\ufffdA'] },
  { name: 'colours', chunks: ['\x1b[31mred\x1b[0m\n'], lines: ['red'] },
];

for (const { name, chunks, lines } of cases) {
  test(name, () => {
    assert.equal(heard(chunks).lines, lines);
  });
}

test('secrets are masked, also where they lie over the cut of a long line', () => {
  const mask = (text: string): string => text.replaceAll('hunter22', '******');
  const long = `${'x'.repeat(1_996)}hunter22${'y'.repeat(100)}`;
  const { lines, last } = heard(['my hunter22\n', `${long}\n`], mask);
  assert.equal(lines, ['my ******', `${'x'.repeat(1_996)}****`]);
  assert.not.match(last, 'hunt');
});

test('of very much the beginning and the end are said, and how much is missing', () => {
  const { lines, last } = heard(
    Array.from({ length: 100_000 }, (_item, index) => `line number ${String(index)}\n`),
  );
  assert.ok(lines.length < 10_000);
  assert.is(lines[0], 'line number 0');
  assert.is(lines.at(-1), 'line number 99999');
  assert.ok(lines.some((line) => /^\[\d+ lines left out\]$/.test(line)));
  assert.is(last.split('\n').length, 20);
});

test('a line without an end is cut', () => {
  const { lines } = heard(Array.from({ length: 1_000 }, () => 'x'.repeat(10_000)));
  assert.equal(
    lines.map((line) => line.length),
    [2_000],
  );
});

test('what is printable stays as it is', () => {
  assert.is(printable('a\tb ü 漢'), 'a\tb ü 漢');
});
