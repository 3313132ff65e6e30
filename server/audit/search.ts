/** Finds lines of the audit log, from the newest back, without holding more than it gives. */
import { parseTimestamp } from '../../runtime/clock.js';
import type { AuditEntry, AuditQuery } from './audit.js';
import { auditFile, auditFiles, linesFromEnd } from './files.js';

/** Entries hold objects, before and after: an answer of more than this is cut, the newest are given. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

const parsed = (line: string): AuditEntry | null => {
  try {
    return JSON.parse(line) as AuditEntry;
  } catch {
    // half a line: the machine went down while it was written
    return null;
  }
};

/** A cheap look, before a line is parsed. */
const mayMatch = (line: string, wanted: readonly string[]): boolean =>
  line !== '' && wanted.every((value) => line.includes(value));

const matches = (entry: AuditEntry, { is }: AuditQuery): boolean =>
  Object.entries(is).every(([field, value]) => entry[field as keyof typeof is] === value);

const tooOld = ({ time }: AuditEntry, { since }: AuditQuery): boolean =>
  since !== null && parseTimestamp(time) < since;

async function* newestFirst(directory: string): AsyncGenerator<string> {
  const numbers = await auditFiles(directory);
  for (const number of [...numbers].reverse()) yield* linesFromEnd(auditFile(directory, number));
}

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

/** The newest entries that are wanted, newest last. */
export const searchAudit = async (directory: string, query: AuditQuery): Promise<readonly AuditEntry[]> => {
  const found: AuditEntry[] = [];
  const wanted = Object.values(query.is).map((value) => JSON.stringify(value));
  let room = MOST_CHARACTERS;
  try {
    for await (const line of newestFirst(directory)) {
      const entry = mayMatch(line, wanted) ? parsed(line) : null;
      if (entry === null || !matches(entry, query)) continue;
      room -= line.length;
      if (tooOld(entry, query) || room < 0) break;
      found.push(entry);
      if (found.length >= query.limit) break;
    }
  } catch (error) {
    // the oldest file was rotated away meanwhile, or nothing was written yet
    if (!isGone(error)) throw error;
  }
  return found.reverse();
};
