/**
 * Installs and builds what is missing, and only that: an unconditional `npm ci` costs 12 to 15 s a start. Installs when
 * the lockfile's hash differs from the one of the last finished install, builds when the sources' hash differs.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const MODULES = join(root, 'node_modules');
const INSTALLED = join(MODULES, '.scalarium-installed');
const BUILT = join(root, 'dist', '.built');
const SOURCES = createRequire(import.meta.url)('./folders.json');
const OLDEST_NODE = [20, 11];

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
};

const sourceFiles = () =>
  SOURCES.filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => join(folder, name)),
    )
    .sort();

/** Packages of another checkout: `npm ci` would empty that one. */
const isLink = (path) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

const upToDate = (mark, hash) => existsSync(mark) && readFileSync(mark, 'utf8') === hash;

const fail = (message) => {
  process.stderr.write(`scalarium: ${message}\n`);
  process.exit(1);
};

const nodeIsNewEnough = () => {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
};

const run = (what, command, args) => {
  process.stderr.write(`scalarium: ${what} …\n`);
  const started = performance.now();
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (result.status !== 0)
    fail(
      `${what} failed: \`${command} ${args.join(' ')}\` said\n${result.stdout ?? ''}${result.stderr ?? String(result.error)}`,
    );
  process.stderr.write(`scalarium: ${what} took ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
};

/** Installs packages when the lockfile changed since the last finished install. */
export const install = () => {
  if (!nodeIsNewEnough())
    fail(`Node ${OLDEST_NODE.join('.')} or newer is needed, this is ${process.versions.node}`);
  const wanted = `${hashOf(['package-lock.json', 'package.json'])} ${process.version}`;
  if (upToDate(INSTALLED, wanted) || isLink(MODULES)) return;
  run('installing packages', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  writeFileSync(INSTALLED, wanted);
};

/** Bundles the program when a source file, the lockfile or the bundler's settings changed. */
export const build = () => {
  const wanted = hashOf([...sourceFiles(), 'package-lock.json', 'package.json', 'scripts/build.mjs']);
  if (upToDate(BUILT, wanted)) return;
  run('building', process.execPath, [join(root, 'scripts', 'build.mjs')]);
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(BUILT, wanted);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  install();
  build();
}
