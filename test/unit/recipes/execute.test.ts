/** Executes: when they run, with what, and how those end that do not end. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecuteResource } from '../../../recipes/resource.js';
import { identify } from '../../../runtime/process-identity.js';
import { until, untilTrue } from '../../build/gateways.js';
import { assert } from '../../suite.js';
import { apply, onStage, says, text, type Stage } from './stage.js';

const test = onStage('executes');

const shell = (script: string, more: Partial<ExecuteResource> = {}): ExecuteResource => ({
  type: 'execute',
  name: 'it',
  command: ['sh', '-c', script],
  ...more,
});

const failureOf = async (stage: Stage, resource: ExecuteResource): Promise<string> => {
  const { failure, changed } = await apply(stage, [resource]);
  assert.equal(changed, []);
  return failure ?? '';
};

/** A zombie has ended; nobody may be there to bury it. */
const lives = (pid: string): boolean => identify(Number(pid)) !== null;

test('creates: there is nothing to do when the path exists, whatever it is', async (stage) => {
  await mkdir(join(stage.root, 'there'));
  await apply(stage, [says('one', { creates: '/there' }), says('two', { creates: '/not/there' })]);
  assert.is(await text(stage.root, 'said'), 'two\n');
});

test('unless and onlyIf: both must let it run', async (stage) => {
  const rows = [
    says('a', { unless: ['true'], onlyIf: ['true'] }),
    says('b', { unless: ['false'], onlyIf: ['false'] }),
    says('c', { unless: ['false'], onlyIf: ['true'] }),
  ];
  assert.equal((await apply(stage, rows)).changed, ['execute[c]']);
});

for (const guard of ['unless', 'onlyIf'] as const)
  test(`${guard}: one that does not end, and one that is not there, are failures that name it`, async (stage) => {
    const slow = await failureOf(stage, says('x', { [guard]: ['sleep', '60'], timeoutSeconds: 0.2 }));
    assert.match(slow, new RegExp(`its guard "${guard}": command "sleep 60": no end after 0.2 s, killed`));
    assert.match(
      await failureOf(stage, says('x', { [guard]: ['no-such-program'] })),
      /there is no no-such-program/,
    );
    assert.not(existsSync(join(stage.root, 'said')));
  });

test('it runs in its directory, with its environment and the root, and reads its input', async (stage) => {
  await mkdir(join(stage.root, 'srv'));
  const resource = shell('echo "$NAME" "$SCALARIUM_ROOT" > out; cat >> out', {
    cwd: '/srv',
    environment: { NAME: 'web; rm -rf *' },
    input: 'and this',
  });
  assert.is((await apply(stage, [resource])).failure, null);
  assert.is(await text(stage.root, 'srv/out'), `web; rm -rf * ${stage.root}\nand this`);
});

test('without an input it reads nothing, and one that reads none of a large one is no failure', async (stage) => {
  assert.is((await apply(stage, [shell('cat > out')])).failure, null);
  assert.is(await text(stage.root, 'out'), '');
  assert.is((await apply(stage, [shell('exit 0', { input: 'x'.repeat(5_000_000) })])).failure, null);
});

test('a directory that is not there is named, not taken for the program', async (stage) => {
  assert.match(
    await failureOf(stage, shell('true', { cwd: '/srv/none' })),
    /the directory \S+\/srv\/none, in which it is to run, is not there/,
  );
});

test('a program that may not be run is named', async (stage) => {
  await writeFile(join(stage.root, 'plain'), 'x', { mode: 0o644 });
  const command = [join(stage.root, 'plain')];
  assert.match(await failureOf(stage, { ...shell(''), command }), /plain EACCES/);
});

test('a failure names the resource, its line, the command, the exit code and the last output', async (stage) => {
  const resource = shell('echo one; echo two >&2; exit 7', { at: 'recipes/roles/web.ts:12' });
  const why = await failureOf(stage, resource);
  assert.match(
    why,
    /^execute\[it\] \(recipes\/roles\/web\.ts:12\): command "sh -c echo one; [^"]*": exit code 7; last output:\n/,
  );
  assert.match(why, /one/);
  assert.match(why, /two/);
});

test('one that was killed by somebody says by what', async (stage) => {
  assert.match(await failureOf(stage, shell('kill -TERM $$')), /: killed by SIGTERM; no output$/);
});

test('one that throws tells where', async (stage) => {
  const command = [process.execPath, '-e', 'throw new Error("the recipe is wrong")'];
  assert.match(
    await failureOf(stage, { ...shell(''), command }),
    /exit code 1; last output:[^]*Error: the recipe is wrong/,
  );
});

test('time-out: the whole group ends, and what has left it, also by double fork; then the next run works', async (stage) => {
  const script = `
    (sleep 600 & echo $! > group; wait) &
    setsid sh -c 'sleep 600 & echo $! > session; wait' &
    (setsid sh -c 'trap "" TERM HUP INT; echo $$ > daemon; while :; do sleep 1; done' > /dev/null 2>&1 < /dev/null &)
    while [ ! -s group ] || [ ! -s session ] || [ ! -s daemon ]; do sleep 0.02; done
    echo all there; sleep 600`;
  const begun = performance.now();
  const running = apply(stage, [shell(script, { timeoutSeconds: 3 })]);
  const pids = await Promise.all(
    ['group', 'session', 'daemon'].map((file) =>
      until(file, async () => {
        const pid = (await text(stage.root, file).catch(() => '')).trim();
        return pid === '' ? null : pid;
      }),
    ),
  );
  assert.match((await running).failure ?? '', /no end after 3 s, killed; last output:\nall there$/);
  assert.ok(performance.now() - begun < 30_000);
  await untilTrue('they have ended', () => !pids.some(lives));
  await rm(join(stage.root, 'group'));
  assert.is((await apply(stage, [says('next')])).failure, null);
});

test('daemons that fork on and on are all killed', async (stage) => {
  const script = `
    cat > again <<'END'
[ -e stop ] || { echo $$ >> pids; setsid sh again < /dev/null > /dev/null 2>&1 & sleep 0.05; }
END
    setsid sh again & sleep 600`;
  const running = apply(stage, [shell(script, { timeoutSeconds: 1 })]);
  assert.match((await running).failure ?? '', /no end after 1 s, killed/);
  const pids = (await text(stage.root, 'pids')).trim().split('\n');
  assert.ok(pids.length > 3);
  try {
    await untilTrue('they have ended', () => !pids.some(lives));
    assert.is((await text(stage.root, 'pids')).trim().split('\n').length, pids.length);
  } finally {
    await writeFile(join(stage.root, 'stop'), '');
  }
});

test('what a command leaves behind on purpose stays, and is not waited for though it holds the output', async (stage) => {
  const begun = performance.now();
  const { failure } = await apply(stage, [shell('sleep 600 & echo $! > daemon; echo done')]);
  assert.is(failure, null);
  assert.ok(performance.now() - begun < 60_000);
  const pid = (await text(stage.root, 'daemon')).trim();
  assert.ok(lives(pid));
  process.kill(Number(pid), 'SIGKILL');
});

test('all that was said before the end is heard, also when nobody had time to listen', async (stage) => {
  const running = apply(stage, [shell('seq 1 20000; echo the end; exit 3')]);
  await untilTrue('it has begun', () => true);
  const late = performance.now() + 700;
  while (performance.now() < late);
  assert.match((await running).failure ?? '', /20000\nthe end$/);
});
