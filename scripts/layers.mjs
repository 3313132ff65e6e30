/**
 * Import directions. Fails when a rule of .dependency-cruiser.cjs is broken, and when the tool looked at fewer
 * modules than there are (with a TypeScript it cannot use it looks at none and says all is well).
 */
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';

const require = createRequire(import.meta.url);
const config = require('../.dependency-cruiser.cjs');
const FOLDERS = require('./folders.json');

const sourcesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));

const sources = FOLDERS.filter((folder) => existsSync(folder)).flatMap(sourcesOf);
const folders = FOLDERS.filter((folder) => sources.some((source) => source.startsWith(`${folder}/`)));
const { output } = await cruise(folders, {
  ...config.options,
  ruleSet: { forbidden: config.forbidden },
  validate: true,
});
const seen = new Set(output.modules.map((module) => module.source));
const missed = sources.filter((source) => !seen.has(source));
for (const violation of output.summary.violations)
  process.stderr.write(`${violation.rule.name}: ${violation.from} imports ${violation.to}\n`);
if (missed.length > 0) process.stderr.write(`not looked at: ${missed.join(', ')}\n`);
if (output.summary.violations.length > 0 || missed.length > 0) process.exit(1);
process.stdout.write(`import directions hold in ${String(sources.length)} files\n`);
