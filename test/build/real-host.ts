/** Tests of resources on a real host: root's own file system, processes and network, thrown away afterwards. */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applyResources, type Applied, type ApplyOptions } from '../../recipes/apply.js';
import type { Resource } from '../../recipes/resource.js';
import { assert, suite, type Suite } from '../suite.js';
import { optionsFor } from '../unit/recipes/options.js';
import { inOwnMachine, isOwnMachine, noOwnMachine } from './own-machine.js';

const FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** On the PATH that resources have. */
export const isInstalled = (program: string): boolean =>
  FOLDERS.some((folder) => {
    try {
      accessSync(`${folder}/${program}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

const whyNot = (programs: readonly string[]): string | null => {
  const missing = programs.filter((program) => !isInstalled(program));
  return noOwnMachine() ?? (missing.length === 0 ? null : `there is no ${missing.join(', ')} here`);
};

/** Says, loudly, what is not tested here. */
export const notTested = (title: string, why: string): void => {
  const test = suite(title);
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** ${title.toUpperCase()}: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
};

/** Runs the tests of a file in a machine of their own, where that can be and the programs are there. */
export const onRealHost = async (
  file: string,
  { title, needs = [] }: { readonly title: string; readonly needs?: readonly string[] },
  tests: (test: Suite<object>) => void,
): Promise<void> => {
  if (isOwnMachine()) {
    tests(suite<object>(title, {}));
    return;
  }
  const why = whyNot(needs);
  if (why === null) process.exitCode = await inOwnMachine(fileURLToPath(file), ['--net']);
  else notTested(title, why);
};

/** Runs the resources on it. */
export const applyHere = (
  resources: readonly Resource[],
  more: Partial<ApplyOptions> = {},
): Promise<Applied> => applyResources(resources, optionsFor('/', more));

/** What it printed; throws when it fails. */
export const sh = (script: string): string => {
  const ran = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`${script}: exit ${String(ran.status)}: ${ran.stdout}${ran.stderr}`);
  return ran.stdout.trim();
};

/** A program that stands in for one that is not here: a shell script, in front of it on the PATH of resources. */
export const standIn = (program: string, script: string): void => {
  writeFileSync(`/usr/local/sbin/${program}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
};

export const CLEAN: Applied = { changed: [], failure: null };

/** What it came to when just these were changed. */
export const changed = (...ids: readonly string[]): Applied => ({ changed: ids, failure: null });
