/** A repository of tiny packages in a folder, for apt on a machine that is thrown away. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const FOLDER = '/repository';

export interface Package {
  readonly name: string;
  readonly version?: string;
  readonly provides?: string;
  readonly depends?: string;
  /** Run when it is installed. */
  readonly postinst?: string;
  /** A file that belongs to the administrator. */
  readonly conffile?: { readonly path: string; readonly content: string };
}

const control = ({ name, version = '1.0-1', provides, depends }: Package): string =>
  [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: nobody <nobody@example.org>',
    ...(provides === undefined ? [] : [`Provides: ${provides}`]),
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    'Description: a package of a test',
    '',
  ].join('\n');

const build = (one: Package): void => {
  const folder = '/package';
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, 'DEBIAN'), { recursive: true });
  writeFileSync(join(folder, 'DEBIAN/control'), control(one));
  if (one.postinst !== undefined)
    writeFileSync(join(folder, 'DEBIAN/postinst'), `#!/bin/sh\n${one.postinst}\n`, { mode: 0o755 });
  if (one.conffile !== undefined) {
    const { path, content } = one.conffile;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
    writeFileSync(join(folder, 'DEBIAN/conffiles'), `${path}\n`);
  }
  const file = `${FOLDER}/${one.name}_${one.version ?? '1.0-1'}_all.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '--build', folder, file], { stdio: 'ignore' });
};

const stanza = (file: string): string => {
  const data = readFileSync(join(FOLDER, file));
  const fields = execFileSync('dpkg-deb', ['--field', join(FOLDER, file)], { encoding: 'utf8' });
  const sum = createHash('sha256').update(data).digest('hex');
  return `${fields}Filename: ./${file}\nSize: ${String(data.length)}\nSHA256: ${sum}\n`;
};

/** Adds packages; apt knows of them only after its next update. */
export const publish = (...packages: readonly Package[]): void => {
  mkdirSync(FOLDER, { recursive: true });
  packages.forEach(build);
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.deb'));
  writeFileSync(join(FOLDER, 'Packages'), files.map(stanza).join('\n'));
};

/** The only source that apt has, its lists not fetched yet. */
export const onlySource = (): void => {
  rmSync('/etc/apt/sources.list', { force: true });
  rmSync('/etc/apt/sources.list.d', { recursive: true, force: true });
  rmSync('/var/lib/apt/lists', { recursive: true, force: true });
  writeFileSync('/etc/apt/sources.list', `deb [trusted=yes] file:${FOLDER} ./\n`);
};
