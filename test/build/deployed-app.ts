/** The code of the application that tests deploy, in as many versions as they need. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Files } from './repository-files.js';

const SERVER = readFileSync(fileURLToPath(new URL('../e2e/shop/server.cjs', import.meta.url)), 'utf8');

export interface AppVersion {
  /** What it answers with. */
  readonly revision: string;
  /** Its health check never passes. */
  readonly unwell?: boolean;
  /** Lines of a shell that build it. */
  readonly build?: string;
  /** Lines of a shell that migrate. */
  readonly migrate?: string;
  /** Lines of a shell, as deploy/before_restart and its kind. */
  readonly hooks?: Readonly<Record<string, string>>;
}

/** What an application has to say for itself, as JSON. */
export interface AppAnswer {
  readonly revision: string;
  readonly built: string;
  readonly greeting: string;
  readonly instance: string;
  readonly pid: number;
}

const script = (lines: string): string => `#!/bin/sh\n${lines}\n`;

/** All files of a version: what another one had is overwritten. */
export const appFiles = ({ revision, unwell, build, migrate, hooks = {} }: AppVersion): Files => ({
  'server.js': SERVER,
  revision: `${revision}\n`,
  unwell: unwell === true ? 'yes\n' : '',
  'build.sh': script(build ?? `echo "built ${revision}"; echo ${revision} >built`),
  'migrate.sh': script(migrate ?? 'exit 0'),
  ...Object.fromEntries(Object.entries(hooks).map(([name, lines]) => [`deploy/${name}`, script(lines)])),
});
