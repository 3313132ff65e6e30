import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { completionFor } from '../../cli/completions.js';
import { type CliScene, cliScene, host, hostStatus } from '../build/cli-scene.js';
import { assert, suite } from '../suite.js';

const test = suite('completion');
const exec = promisify(execFile);

const complete = async ({ run }: CliScene, ...words: readonly string[]): Promise<readonly string[]> => {
  const { out } = await run('__complete', '--', ...words);
  return out.split('\n').filter((line) => line !== '');
};

const withHosts = (body: (scene: CliScene) => Promise<void>): (() => Promise<void>) =>
  cliScene(async (scene) => {
    for (const name of ['app-1', 'app-2'])
      scene.objects.has(host(name), { spec: { role: 'app' } }, hostStatus('running'));
    await body(scene);
  });

const ROWS: readonly (readonly [readonly string[], readonly string[]])[] = [
  [['desc'], ['describe']],
  [['__'], []],
  [['get', 'rol'], ['roles']],
  [['get', 'roles', ''], ['app']],
  [
    ['get', 'host/'],
    ['host/app-1', 'host/app-2'],
  ],
  [['get', '-n', ''], ['shop']],
  [
    ['-n', 'shop', 'stop', ''],
    ['app-1', 'app-2'],
  ],
  [['ssh', 'app-2'], ['app-2']],
  [
    ['wait', 'role/app', '--for', 'cond'],
    ['condition=Ready', 'condition=Ready=False'],
  ],
  [['wait', 'role/app', '--for=del'], ['--for=delete']],
  [
    ['get', 'roles', '-o', 'j'],
    ['json', 'jsonpath='],
  ],
  [['get', 'roles', '--fi'], ['--field-selector']],
  [['user', 'dis'], ['disable']],
  [['token', 're'], ['revoke']],
  [
    ['grant', 'anna', 'de'],
    ['deny', 'deploy'],
  ],
  [['apply', '-f', ''], [':files']],
  [['get', 'nothing', ''], []],
];

for (const [words, expected] of ROWS)
  test(
    words.join(' '),
    withHosts(async (scene) => {
      assert.equal(await complete(scene, ...words), expected);
    }),
  );

test(
  'without a control plane there are no names, and no error',
  cliScene(async ({ runWith }) => {
    const ran = await runWith({ url: 'http://127.0.0.1:1' }, '__complete', '--', 'get', 'roles', '');
    assert.equal(ran, { out: '', err: '', code: 0 });
  }),
);

/** What bash offers at the end of a line, with a `scalarium` that answers what it was asked. */
const inBash = async (folder: string, line: string, answer: string): Promise<readonly string[]> => {
  const program = join(folder, 'scalarium');
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\n' "$*" > ${folder}/asked\nprintf '%s\\n' ${answer}\n`);
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'completion.bash'), completionFor('bash') ?? '');
  const script = `PATH=${folder}:$PATH; source ${folder}/completion.bash
COMP_LINE='${line}'; COMP_POINT=\${#COMP_LINE}; COMP_WORDS=($COMP_LINE); COMP_CWORD=1
_scalarium; cat ${folder}/asked; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await exec('bash', ['--norc', '-c', script]);
  return stdout.trimEnd().split('\n');
};

test(
  'bash hands over the words up to the cursor and offers what is answered',
  cliScene(async ({ folder }) => {
    assert.equal(await inBash(folder, 'scalarium get roles ', 'app db'), [
      '__complete -- get roles ',
      'app',
      'db',
    ]);
    assert.equal(await inBash(folder, 'scalarium wait role/app --for=de', '--for=delete'), [
      '__complete -- wait role/app --for=de',
      'delete',
    ]);
  }),
);
