/** `/version`: which Kubernetes API the server speaks, and which Scalarium it is. */

/**
 * The Kubernetes whose conventions are followed. Clients compare it with their own version, and tools that install
 * things choose by it what they dare to send.
 */
const KUBERNETES = { major: '1', minor: '33' };

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** The fields that Kubernetes clients read; our own version is the build part of `gitVersion`. */
export const versionDocument = (version: string): object => {
  const { major, minor } = KUBERNETES;
  const build = version.replaceAll(/[^0-9A-Za-z.-]/g, '-');
  return {
    major,
    minor,
    gitVersion: `v${major}.${minor}.0+scalarium-${build}`,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '',
    goVersion: `node${process.versions.node}`,
    compiler: 'v8',
    platform: `${process.platform}/${ARCHITECTURES[process.arch] ?? process.arch}`,
  };
};
