/** What a contributor and CI run before a commit: types, lint, format, import directions, unit tests. */
import { spawn } from 'node:child_process';

const CHECKS = {
  types: ['tsc', ['-p', '.']],
  lint: ['eslint', ['.', '--cache', '--cache-location', 'dist/.eslintcache']],
  format: [
    'prettier',
    ['--check', '--log-level', 'warn', '--cache', '--cache-location', 'dist/.prettiercache', '.'],
  ],
  layers: ['node', ['scripts/layers.mjs']],
  unit: ['tsx', ['test/run.ts', 'unit']],
};

const run = (name) =>
  new Promise((resolve) => {
    const [command, args] = CHECKS[name];
    const started = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (code) => {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} ${seconds}s\n`);
      if (code !== 0) process.stdout.write(`${output}\n`);
      else if (name === 'unit') process.stdout.write(`${output.trimEnd().split('\n').at(-1)}\n`);
      resolve(code === 0);
    });
  });

const inTurn = async (names) => {
  const results = [];
  for (const name of names) results.push(await run(name));
  return results;
};

process.env.PATH = `${process.cwd()}/node_modules/.bin:${process.env.PATH}`;
const results = (await Promise.all([inTurn(['lint']), inTurn(['types', 'layers', 'format', 'unit'])])).flat();
process.exit(results.every(Boolean) ? 0 : 1);
