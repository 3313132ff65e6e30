/** Where this program's entry is, to start it again as another part. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** In the bundle every chunk lies beside `main.mjs`; run from source, the last build is used. */
export const programPath = (): string => {
  const beside = fileURLToPath(new URL('./main.mjs', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../dist/bundle/main.mjs', import.meta.url));
};

/** Where `npm run build:agent` puts the agent's files. */
export const builtAgents = (): string => join(dirname(programPath()), '../agent');
