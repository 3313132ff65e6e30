/** The agent as one file, built from these very sources; kept by their hash, since building takes a while. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PLATFORM } from './agent-files.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEPT = join(ROOT, 'dist', 'cache', 'agents');

const SOURCES = ['agent', 'api-types', 'client', 'recipes', 'runtime', 'local-cloud/hosts'];
const FILES = ['cli/commands/agent.ts', 'cli/context.ts', 'scripts/build-agent.mjs', 'package-lock.json'];

const sourceHash = (): string => {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => join(folder, name)),
  );
  for (const file of [...files, ...FILES]) hash.update(file).update(readFileSync(join(ROOT, file)));
  return hash.digest('hex').slice(0, 16);
};

export interface BuiltAgent {
  /** As `npm run build:agent` leaves it, for this machine's architecture. */
  readonly folder: string;
  readonly executable: string;
}

/** Null where it cannot be built, which is said loudly: Node's packages come from the registry. */
export const builtAgent = (): BuiltAgent | null => {
  const name = sourceHash();
  const folder = join(KEPT, name);
  const executable = join(folder, `scalarium-agent-${PLATFORM}`);
  if (existsSync(executable)) return { folder, executable };
  mkdirSync(KEPT, { recursive: true });
  for (const old of readdirSync(KEPT)) if (old !== name) rmSync(join(KEPT, old), { recursive: true });
  const beside = join(KEPT, `.${name}-${String(process.pid)}`);
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build-agent.mjs', PLATFORM], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { ...process.env, SCALARIUM_AGENT_OUT: beside },
  });
  if (status === 0) {
    if (!existsSync(folder)) renameSync(beside, folder);
    return { folder, executable };
  }
  rmSync(beside, { recursive: true, force: true });
  process.stderr.write(
    `\n!! SKIPPED: the single-file agent cannot be built here, so nothing of it is tested:\n${stderr}\n`,
  );
  return null;
};
