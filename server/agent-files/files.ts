/** The agent's built files: which release there is, and where each file lies. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import * as E from 'fp-ts/lib/Either.js';
import { AgentIndex, type AgentRelease, PLATFORMS, releaseOf } from '../../api-types/agent-release.js';
import { decodeLoose, problemText } from '../../api-types/problems.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { keepBuilt, keptFile } from './kept.js';

/** A file that may be sent. */
export interface AgentFile {
  readonly sha256: string;
  readonly bytes: number;
  open(): Readable;
}

export interface AgentFiles {
  /** What is built now; null: nothing is. Looked at anew when the index changed. */
  index(): AgentIndex | null;
  release(): AgentRelease | null;
  /** By its SHA-256 or by its name; null: there is none. */
  find(name: string): AgentFile | null;
}

const INDEX = 'index.json';

const changedAt = (file: string): number => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const read = (file: string, log: Log): AgentIndex | null => {
  try {
    const decoded = decodeLoose(AgentIndex, JSON.parse(readFileSync(file, 'utf8')));
    if (E.isRight(decoded)) return decoded.right;
    log.warn('the index of agent files is not understood', { file, why: decoded.left.map(problemText) });
  } catch (error) {
    log.warn('the index of agent files cannot be read', { file, why: String(error) });
  }
  return null;
};

/** A file of the present build; one that is being replaced is not what the index says. */
const builtFile = (folder: string, index: AgentIndex | null, name: string): AgentFile | null => {
  const files = PLATFORMS.map((platform) => index?.files[platform]);
  const found = files.find((file) => file?.sha256 === name || file?.name === name);
  if (found === undefined) return null;
  const path = join(folder, found.name);
  if (statSync(path, { throwIfNoEntry: false })?.size !== found.bytes) return null;
  return { sha256: found.sha256, bytes: found.bytes, open: () => createReadStream(path) };
};

const olderFile = (folder: string, sha256: string): AgentFile | null => {
  const kept = keptFile(folder, sha256);
  return kept === null ? null : { sha256, bytes: kept.bytes, open: () => createReadStream(kept.path) };
};

export interface AgentFolders {
  /** That `npm run build:agent` fills; it may be empty, absent, or filled later. */
  readonly built: string;
  /** Where files of the last builds are kept; null: they are not. */
  readonly kept: string | null;
}

/** Looks at the folders whenever it is asked. */
export const openAgentFiles = (
  { built, kept }: AgentFolders,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): AgentFiles => {
  let known: AgentIndex | null = null;
  let knownAt = 0;
  const keep = (index: AgentIndex | null): void => {
    if (index === null || kept === null) return;
    try {
      keepBuilt(kept, built, index, clock.now());
    } catch (error) {
      log.warn('the files of this agent are not kept for machines that boot when another is built', {
        error,
      });
    }
  };
  const index = (): AgentIndex | null => {
    const file = join(built, INDEX);
    const at = changedAt(file);
    if (at !== knownAt) {
      known = at === 0 ? null : read(file, log);
      knownAt = at;
      keep(known);
    }
    return known;
  };
  return {
    index,
    release: () => {
      const present = index();
      return present === null ? null : releaseOf(present);
    },
    find: (name) => builtFile(built, index(), name) ?? (kept === null ? null : olderFile(kept, name)),
  };
};
