/** Why something failed, for people. */

/** What people know these by; the system's own words follow. */
const KNOWN: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is read-only',
  EMFILE: 'the agent has too many files open',
};

export const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const known = KNOWN[(error as NodeJS.ErrnoException).code ?? ''];
  return known === undefined ? error.message : `${known}: ${error.message}`;
};
