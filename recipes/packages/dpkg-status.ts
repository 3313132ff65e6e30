/** /var/lib/dpkg/status: which packages there are, read without a program. */

const INSTALLED = /^Status: \S+ \S+ (installed|triggers-pending|triggers-awaited)$/m;
const UNFINISHED = /^Status: \S+ \S+ (half-installed|half-configured|unpacked)$/m;
const GONE = /^Status: \S+ \S+ (not-installed|config-files)$/m;
const HALF_INSTALLED = /^Status: \S+ \S+ half-installed$/m;

const fieldOf = (paragraph: string, name: string): string =>
  new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';

/** The text of the file; what is asked for is searched for, as most of it never is. */
export class DpkgStatus {
  constructor(private readonly text: string) {}

  /** Of a package that is installed, by `name` or `name:architecture`; null: it is not. */
  version(wanted: string): string | null {
    const [name = '', architecture] = wanted.split(':');
    for (const paragraph of this.paragraphs(`Package: ${name}\n`)) {
      const fits = architecture === undefined || fieldOf(paragraph, 'Architecture') === architecture;
      if (fits && INSTALLED.test(paragraph)) return fieldOf(paragraph, 'Version');
    }
    return null;
  }

  /** True of one of which nothing is there but its configuration. */
  isGone(name: string): boolean {
    return [...this.paragraphs(`Package: ${name.split(':', 1)[0] ?? ''}\n`)].every((one) => GONE.test(one));
  }

  /** True when something that is installed provides this name. */
  provides(name: string): boolean {
    const lines = this.text
      .split('\n\n')
      .filter((one) => one.includes('\nProvides: ') && INSTALLED.test(one));
    return lines.some((paragraph) =>
      fieldOf(paragraph, 'Provides')
        .split(',')
        .some((one) => one.trim().split(' ', 1)[0] === name),
    );
  }

  /** A transaction was cut short: nothing can be installed before it is finished. */
  unfinished(): boolean {
    return UNFINISHED.test(this.text);
  }

  /** Names of those whose unpacking was cut short: only unpacking them again helps. */
  halfInstalled(): readonly string[] {
    return this.text
      .split('\n\n')
      .filter((one) => HALF_INSTALLED.test(one))
      .map((one) => fieldOf(one, 'Package'));
  }

  /** Those that begin so. */
  private *paragraphs(begin: string): Iterable<string> {
    for (let at = this.text.indexOf(begin); at >= 0; at = this.text.indexOf(begin, at + 1)) {
      if (at > 0 && this.text[at - 1] !== '\n') continue;
      const end = this.text.indexOf('\n\n', at);
      yield this.text.slice(at, end < 0 ? undefined : end);
    }
  }
}
