/** Packages by dnf and rpm. */
import type { Listener } from '../output.js';
import { askTool } from '../tools.js';
import { refuseOddNames, verifyAll, versionFits, type PackageNeed, type Packages } from './packages.js';
import { judgeTransaction, transact } from './transaction.js';

const OPTIONS = ['--assumeyes', '--quiet', '--setopt=install_weak_deps=False'];
const NOT_THERE = /(?:No match for argument|Unable to find a match): (\S+)/;
/** dnf waits for its own lock for ever, and says so; rpm's lock it gives up at. */
const LOCKED = /can't create transaction lock|Failed to obtain the transaction lock/;

/** `-q` says one line a package that is there, and `package NAME is not installed` for one that is not. */
const FORMAT = '%{NAME}\\t%{VERSION}-%{RELEASE}\\t%{VERSION}\\n';

const wordsFor = ({ names, version }: PackageNeed): readonly string[] =>
  names.map((name) => (version === null ? name : `${name}-${version}`));

class Dnf implements Packages {
  constructor(private readonly signal: AbortSignal) {}

  async lacking(need: PackageNeed): Promise<readonly string[]> {
    refuseOddNames(need);
    const { signal } = this;
    const found = await Promise.all(
      need.names.map(async (name) => {
        const query = ['rpm', '-q', '--whatprovides', '--queryformat', FORMAT, '--', name];
        const { code, stdout } = await askTool(query, { signal });
        return this.fits(need, code === 0 ? stdout.trim().split('\n') : []) ? [] : [name];
      }),
    );
    return found.flat();
  }

  async bring(needs: readonly PackageNeed[], listener: Listener): Promise<void> {
    const removed = needs.filter(({ state }) => state === 'removed').flatMap(({ names }) => names);
    const installed = needs.filter(({ state }) => state === 'installed').flatMap(wordsFor);
    if (removed.length > 0) await this.run(['dnf', 'remove', ...OPTIONS, ...removed], listener);
    if (installed.length > 0) await this.run(['dnf', 'install', ...OPTIONS, ...installed], listener);
    await verifyAll(this, needs);
  }

  private fits({ state, version }: PackageNeed, lines: readonly string[]): boolean {
    const versions = lines.map((line) => line.split('\t').slice(1));
    if (state === 'removed') return versions.length === 0;
    return versions.some((both) => both.some((one) => versionFits(one, version)));
  }

  private async run(command: readonly string[], listener: Listener): Promise<void> {
    const ended = await transact(command, { signal: this.signal, listener, locked: LOCKED });
    judgeTransaction(command, ended, NOT_THERE.exec(ended.output)?.[1] ?? null);
  }
}

export const dnf = (signal: AbortSignal): Packages => new Dnf(signal);
