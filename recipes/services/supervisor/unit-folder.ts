/** Unit files of a host: found, read with their drop-ins, enabled and disabled. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { unitNameOf } from './command-line.js';
import { readUnit, type Unit } from './unit.js';
import { parseUnitText } from './unit-text.js';

const OWN = '/etc/systemd/system';

/** The first that has a file wins, as with systemd. /run is left out: a /run/systemd/system says that systemd runs. */
const FOLDERS = [OWN, '/usr/local/lib/systemd/system', '/lib/systemd/system', '/usr/lib/systemd/system'];

/** Targets whose services start with the host, when they were enabled there: systemd's own bring more, for itself. */
const BOOT_TARGETS = ['multi-user.target', 'default.target', 'graphical.target'];

const SUFFIX = '.service';
const ALIASES_DEEP = 8;

export type Lookup =
  | { readonly _tag: 'Found'; readonly unit: Unit; readonly file: string }
  | { readonly _tag: 'Masked' }
  | { readonly _tag: 'None' };

export interface UnitFolder {
  /** By its own name or an alias of it. Rejects nothing: what cannot be read is none. */
  find(name: string): Lookup;
  /** Its links are there, or it cannot be enabled. */
  isEnabled(unit: Unit): boolean;
  enable(unit: Unit, file: string): void;
  disable(name: string): void;
  /** Names of the services that start with the host. */
  enabled(): readonly string[];
}

interface Around {
  readonly hostname: string;
  homeOf(user: string): string;
}

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** What the link names; null: it is none, or not there. */
const linkOf = (path: string): string | null => {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch {
    return null;
  }
};

const isThere = (path: string): boolean => {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
};

class HostUnits implements UnitFolder {
  constructor(
    private readonly root: string,
    private readonly around: Around,
  ) {}

  find(name: string): Lookup {
    let wanted = name;
    for (let deep = 0; deep < ALIASES_DEEP; deep += 1) {
      const file = this.fileOf(wanted);
      if (file === null) return { _tag: 'None' };
      const target = linkOf(file);
      if (target === '/dev/null') return { _tag: 'Masked' };
      const other = target === null ? wanted : this.aliased(wanted, basename(target));
      if (other === wanted) return this.read(wanted, file);
      wanted = other;
    }
    return { _tag: 'None' };
  }

  isEnabled({ name, install }: Unit): boolean {
    if (install === null || (install.wantedBy.length === 0 && install.aliases.length === 0)) return true;
    return this.linkFolders().some((folder) => isThere(join(folder, name + SUFFIX)));
  }

  enable({ name, install }: Unit, file: string): void {
    const own = join(this.root, OWN);
    for (const target of install?.wantedBy ?? []) this.link(join(own, `${target}.wants`), name, file);
    for (const alias of install?.aliases ?? []) if (alias !== name) this.link(own, alias, file);
  }

  disable(name: string): void {
    for (const folder of this.linkFolders()) rmSync(join(folder, name + SUFFIX), { force: true });
    const own = join(this.root, OWN);
    for (const each of namesIn(own)) {
      const target = linkOf(join(own, each));
      if (target !== null && each !== name + SUFFIX && basename(target) === name + SUFFIX)
        rmSync(join(own, each));
    }
  }

  enabled(): readonly string[] {
    const names = BOOT_TARGETS.flatMap((target) => namesIn(join(this.root, OWN, `${target}.wants`)));
    const services = names.filter((name) => name.endsWith(SUFFIX));
    return [...new Set(services.map((name) => name.slice(0, -SUFFIX.length)))];
  }

  /** A template's instance keeps its own: `web@1` found through `web@.service` is no alias. */
  private aliased(name: string, target: string): string {
    if (!target.endsWith(SUFFIX)) return name;
    const other = target.slice(0, -SUFFIX.length);
    const { prefix, instance } = unitNameOf(name);
    if (other === `${prefix}@`) return name;
    return other.endsWith('@') ? other + instance : other;
  }

  private fileOf(name: string): string | null {
    const { prefix, instance } = unitNameOf(name);
    const names = instance === '' ? [name] : [name, `${prefix}@`];
    const files = names.flatMap((each) => FOLDERS.map((folder) => join(this.root, folder, each + SUFFIX)));
    return files.find(isThere) ?? null;
  }

  private dropIns(name: string): readonly string[] {
    const { prefix, instance } = unitNameOf(name);
    const names = instance === '' ? [name] : [`${prefix}@`, name];
    const found = new Map<string, string>();
    for (const folder of [...FOLDERS].reverse())
      for (const each of names) {
        const directory = join(this.root, folder, `${each}${SUFFIX}.d`);
        for (const file of namesIn(directory).filter((one) => one.endsWith('.conf')))
          found.set(file, join(directory, file));
      }
    return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, path]) => path);
  }

  private read(name: string, file: string): Lookup {
    try {
      const texts = [file, ...this.dropIns(name)].map((path) => readFileSync(path, 'utf8'));
      // a file without any content is how packages mask a unit of another name
      if (texts[0] === '') return { _tag: 'Masked' };
      const entries = texts.flatMap(parseUnitText);
      return { _tag: 'Found', unit: readUnit(name, entries, this.around), file };
    } catch {
      return { _tag: 'None' };
    }
  }

  private linkFolders(): readonly string[] {
    return FOLDERS.flatMap((folder) =>
      namesIn(join(this.root, folder))
        .filter((name) => /\.(wants|requires)$/.test(name))
        .map((name) => join(this.root, folder, name)),
    );
  }

  private link(folder: string, name: string, file: string): void {
    const path = join(folder, name + SUFFIX);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    if (!isThere(path)) symlinkSync(file.slice(this.root === '/' ? 0 : this.root.length), path);
  }
}

/** The unit files below `root`. */
export const unitFolder = (root: string, around: Around): UnitFolder => new HostUnits(root, around);
