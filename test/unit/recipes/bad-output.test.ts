/** What commands may print, and what becomes of it: bounded, printable, without secrets. */
import type { Applied, ApplyOptions } from '../../../recipes/apply.js';
import type { ExecuteResource } from '../../../recipes/resource.js';
import { assert } from '../../suite.js';
import { apply, onStage, says, type Stage } from './stage.js';

const test = onStage('a command that prints what it should not');

const PASSWORD = 'p&s"s/wört +9\'x';

const secrets: ApplyOptions['secrets'] = () => Promise.resolve({ password: PASSWORD, pin: 'q7Zk9' });

interface Heard {
  readonly applied: Applied;
  readonly lines: readonly string[];
  readonly characters: number;
  /** More than at the beginning, in MiB. */
  readonly memory: number;
}

/** Runs it, and listens to the log without keeping what is said. */
const hear = async (stage: Stage, script: string, more: Partial<ExecuteResource> = {}): Promise<Heard> => {
  const lines: string[] = [];
  let characters = 0;
  let most = process.memoryUsage.rss();
  const before = most;
  const info = (_message: string, keys?: Readonly<Record<string, unknown>>): void => {
    const line = typeof keys?.['line'] === 'string' ? keys['line'] : '';
    characters += line.length;
    if (lines.length < 1_000) lines.push(line);
    if (lines.length % 100 === 0) most = Math.max(most, process.memoryUsage.rss());
  };
  const looking = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, 50);
  const resource: ExecuteResource = { type: 'execute', name: 'it', command: ['sh', '-c', script], ...more };
  const applied = await apply(stage, [resource], { secrets, log: { info, warn: info } });
  clearInterval(looking);
  return { applied, lines, characters, memory: (most - before) / 1024 ** 2 };
};

for (const { name, script } of [
  { name: 'in short lines', script: 'yes a line as programs print them | head -c 100000000' },
  { name: 'in one line', script: 'head -c 100000000 /dev/zero | tr "\\\\0" x' },
  { name: 'of noise', script: 'head -c 100000000 /dev/urandom' },
])
  test(`100 MB ${name}: in bounded time, memory and log; the failure and the next run are as ever`, async (stage) => {
    const begun = performance.now();
    const { applied, characters, memory } = await hear(stage, `${script}; echo; echo so it ended; exit 4`);
    const seconds = (performance.now() - begun) / 1000;
    process.stdout.write(
      `\n100 MB ${name}: ${seconds.toFixed(1)} s, ${memory.toFixed(0)} MiB more, ${String(characters)} characters logged\n`,
    );
    assert.match(applied.failure ?? '', /exit code 4; last output:[^]*so it ended$/);
    assert.ok((applied.failure ?? '').length < 4_000);
    assert.ok(characters < 400_000, `${String(characters)} characters in the log`);
    assert.ok(memory < 120, `${memory.toFixed(0)} MiB more`);
    assert.is((await apply(stage, [says('next')])).failure, null);
  });

test('binary comes as text that can be shown', async (stage) => {
  const { applied, lines } = await hear(stage, "printf 'a\\000b\\033[2Jc\\377\\n'; exit 1");
  const said = [...lines, applied.failure ?? ''].join('');
  assert.not.match(said, /[\x00-\x08\x0b-\x1f\x7f-\x9f]/);
  assert.match(applied.failure ?? '', /a\\x00bc\ufffd$/);
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Each as `node -e` prints it, from its environment. */
const SHAPES: readonly {
  readonly name: string;
  readonly print: string;
  readonly never: readonly string[];
}[] = [
  { name: 'as it is', print: 'p', never: [PASSWORD] },
  { name: 'in JSON', print: 'JSON.stringify({p})', never: [JSON.stringify(PASSWORD).slice(1, -1)] },
  {
    name: 'in a URL',
    print: '`https://a:${encodeURIComponent(p)}@x`',
    never: [encodeURIComponent(PASSWORD)],
  },
  {
    name: 'in a form',
    print: 'String(new URLSearchParams({p}))',
    never: [String(new URLSearchParams({ p: PASSWORD })).slice(2)],
  },
  { name: 'in base64', print: 'Buffer.from(p).toString("base64")', never: [base64(PASSWORD).slice(0, 12)] },
  {
    name: 'in base64 behind a name',
    print: 'Buffer.from("ab:"+p).toString("base64")',
    never: [base64(`ab:${PASSWORD}`).slice(6, 18)],
  },
  {
    name: 'in base64 behind another',
    print: 'Buffer.from("abc:"+p+"!").toString("base64")',
    never: [base64(`abc:${PASSWORD}!`).slice(8, 20)],
  },
  {
    name: 'in base64url behind a third',
    print: 'Buffer.from("user1:"+p).toString("base64url")',
    never: [Buffer.from(`abcde:${PASSWORD}`).toString('base64url').slice(10, 20)],
  },
  {
    name: 'in hexadecimal digits',
    print: 'Buffer.from(p).toString("hex")',
    never: [Buffer.from(PASSWORD).toString('hex')],
  },
  { name: 'for a shell', print: "`'${p.replaceAll(\"'\", \"'\\\\''\")}'`", never: [PASSWORD.slice(0, 10)] },
];

for (const { name, print, never } of SHAPES)
  test(`a secret ${name} is masked, in the log and in the failure`, async (stage) => {
    const command = [
      process.execPath,
      '-e',
      `const p = process.env.P; console.log(${print}); process.exit(1)`,
    ];
    const environment = { P: { secret: 'db', key: 'password' } };
    const { applied, lines } = await hear(stage, '', { command, environment });
    const said = [...lines, (applied.failure ?? '').split('last output')[1]].join('\n');
    assert.match(said, /\*{6}/);
    for (const text of never) assert.not(said.includes(text), said);
  });

test('a secret that comes in pieces is masked', async (stage) => {
  const script = `for c in q 7 Z k 9; do printf %s "$c"; sleep 0.05; done; printf ' %s' "$PIN" >&2; exit 1`;
  const { applied, lines } = await hear(stage, script, {
    environment: { PIN: { secret: 'db', key: 'pin' } },
  });
  const said = [...lines, applied.failure ?? ''].join('\n');
  assert.not.match(said, /q7Zk9|7Zk/);
  assert.match(said, /\*{6}/);
});
