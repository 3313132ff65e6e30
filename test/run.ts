/**
 * Runs test files: `tsx test/run.ts unit` or with file names. Every file runs in a process of its own, unit tests in one
 * a folder; two at a time, but for those that measure time and say `Runs alone` in their first comment. The run fails
 * unless all passed, each file ran at least one test, and none was skipped. Ends with `N passed, N failed`.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const TIMEOUT_MS = Number(process.env['TEST_FILE_TIMEOUT_MS'] ?? 600_000);

/** What runs in one process. */
interface Job {
  readonly name: string;
  readonly files: readonly string[];
}

interface JobResult {
  readonly name: string;
  readonly passed: number;
  readonly total: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly output: string;
  readonly ok: boolean;
}

const testFiles = (folder: string): readonly string[] =>
  readdirSync(join(root, 'test', folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', folder, name))
    .sort();

const numberAfter = (label: string, text: string): number => {
  const match = new RegExp(`${label}:\\s+(\\d+)`).exec(text);
  return match === null ? 0 : Number(match[1]);
};

const COLOURS = /\x1b\[[0-9;]*m/g;

const judged = (name: string, code: number | null, raw: string, seconds: number): JobResult => {
  const output = raw.replace(COLOURS, '');
  const total = numberAfter('Total', output);
  const passed = numberAfter('Passed', output);
  const skipped = numberAfter('Skipped', output);
  const ok = code === 0 && total > 0 && passed === total && skipped === 0;
  return { name, passed, total, skipped, seconds, output, ok };
};

const argumentsFor = ({ files }: Job): readonly string[] =>
  files.length === 1 ? files : ['test/several.ts', ...files];

const runJob = (job: Job): Promise<JobResult> =>
  new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(process.execPath, ['--import', 'tsx', ...argumentsFor(job)], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
      env: { ...process.env, FORCE_COLOR: '0', NODE_ENV: 'test' },
    });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
    const timer = setTimeout(() => {
      chunks.push(Buffer.from(`\nTIMED OUT after ${String(TIMEOUT_MS)} ms\n`));
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, TIMEOUT_MS);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve(judged(job.name, code, Buffer.concat(chunks).toString(), (performance.now() - started) / 1000));
    });
  });

const report = (result: JobResult): void => {
  const mark = result.ok ? 'ok  ' : 'FAIL';
  process.stdout.write(
    `${mark} ${result.name} ${String(result.passed)}/${String(result.total)} ${result.seconds.toFixed(1)}s\n`,
  );
  if (!result.ok) process.stdout.write(`${result.output}\n`);
};

const runAll = async (jobs: readonly Job[], atOnce: number): Promise<readonly JobResult[]> => {
  const waiting = [...jobs];
  const results: JobResult[] = [];
  const worker = async (): Promise<void> => {
    for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
      const result = await runJob(job);
      report(result);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
};

const AT_ONCE = 2;

const runsAlone = ({ files }: Job): boolean =>
  files.some((file) => {
    const [comment = ''] = /^\/\*\*[^]*?\*\//.exec(readFileSync(join(root, file), 'utf8')) ?? [];
    return comment.includes('Runs alone');
  });

/** Those that may share the machine, then the others. */
const runShared = async (jobs: readonly Job[]): Promise<readonly JobResult[]> => [
  ...(await runAll(
    jobs.filter((job) => !runsAlone(job)),
    AT_ONCE,
  )),
  ...(await runAll(jobs.filter(runsAlone), 1)),
];

const single = (file: string): Job => ({ name: file, files: [file] });

/** Unit tests are many and quick: those of a folder share a process. */
const unitJobs = (): readonly Job[] => {
  const folders = new Map<string, string[]>();
  for (const file of testFiles('unit')) {
    const folder = dirname(file);
    folders.set(folder, [...(folders.get(folder) ?? []), file]);
  }
  return [...folders].map(([name, files]) => ({ name, files }));
};

const jobsFor = (argument: string): readonly Job[] => {
  if (argument.endsWith('.ts')) return [single(relative(root, join(process.cwd(), argument)))];
  return argument === 'unit' ? unitJobs() : testFiles(argument).map(single);
};

const main = async (): Promise<void> => {
  const wanted = process.argv.slice(2);
  const results = [];
  for (const argument of wanted) results.push(...(await runShared(jobsFor(argument))));
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce(
    (sum, result) => sum + (result.ok ? 0 : Math.max(1, result.total - result.passed)),
    0,
  );
  const skipped = results.reduce((sum, result) => sum + result.skipped, 0);
  process.stdout.write(
    `\n${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ''}\n`,
  );
  if (failed > 0 || passed === 0 || skipped > 0) process.exitCode = 1;
};

void main();
