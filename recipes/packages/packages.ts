/** The port to the packages of the host's distribution. */
import type { Listener } from '../output.js';

/** What one resource wants. */
export interface PackageNeed {
  readonly names: readonly string[];
  readonly state: 'installed' | 'removed';
  /** Null: any. */
  readonly version: string | null;
}

/** Told when it is read, by whom nothing is changed. */
export interface Packages {
  /** The names that are not as they are needed; only reads. */
  lacking(need: PackageNeed): Promise<readonly string[]>;
  /**
   * Brings all of them about in one transaction; waits, with a bound, for whoever else is at it. Throws with the name of
   * a package that there is none of, and with what the tool said last.
   */
  bring(needs: readonly PackageNeed[], listener: Listener): Promise<void>;
}

/** Exactly the wanted version, or one that begins as the wanted one does up to its `*`. */
export const versionFits = (version: string, wanted: string | null): boolean => {
  if (wanted === null) return true;
  return wanted.endsWith('*') ? version.startsWith(wanted.slice(0, -1)) : version === wanted;
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9+._:~-]*$/;

/** A name becomes a word of a command line, where a dash in front or behind would mean something else. */
export const refuseOddNames = ({ names, version }: PackageNeed): void => {
  const odd = [...names, ...(version === null ? [] : [version.replace(/\*$/, '')])].filter(
    (name) => !NAME.test(name) || name.endsWith('-'),
  );
  if (odd.length > 0) throw new Error(`"${odd.join('", "')}" is no name or version of a package`);
};

/** Throws with those that are not as they were to be. */
export const verifyAll = async (packages: Packages, needs: readonly PackageNeed[]): Promise<void> => {
  for (const need of needs) {
    const still = await packages.lacking(need);
    if (still.length > 0)
      throw new Error(`the transaction ended well, but these are not ${need.state}: ${still.join(', ')}`);
  }
};
