/** `npm test`: installs and builds what is missing (etcd, haproxy and others through apt-get, as root on Debian), then runs every test. Ends with `N passed, N failed`. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, install } from './prepare.mjs';
import { installSystemPackages } from './system-packages.mjs';

install();
build();
installSystemPackages();
const root = fileURLToPath(new URL('..', import.meta.url));
const suites = process.argv.slice(2);
const child = spawn(
  process.execPath,
  [
    '--import',
    'tsx',
    join(root, 'test', 'run.ts'),
    ...(suites.length > 0 ? suites : ['unit', 'integration', 'e2e']),
  ],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('close', (code) => process.exit(code ?? 1));
