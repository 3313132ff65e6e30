/** The agent's built files: which release there is, and where each file lies. */
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import * as E from 'fp-ts/lib/Either.js';
import { AgentIndex, type AgentRelease, PLATFORMS, releaseOf } from '../../api-types/agent-release.js';
import { decodeLoose, problemText } from '../../api-types/problems.js';
import type { Log } from '../../runtime/log.js';

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

/** Of the folder that `npm run build:agent` filled; it may be empty, absent, or filled later. */
export const openAgentFiles = (folder: string, log: Log): AgentFiles => {
  let known: AgentIndex | null = null;
  let knownAt = 0;
  const index = (): AgentIndex | null => {
    const file = join(folder, INDEX);
    const at = changedAt(file);
    if (at !== knownAt) {
      known = at === 0 ? null : read(file, log);
      knownAt = at;
    }
    return known;
  };
  return {
    index,
    release: () => {
      const built = index();
      return built === null ? null : releaseOf(built);
    },
    find: (name) => {
      const files = PLATFORMS.map((platform) => index()?.files[platform]);
      const found = files.find((file) => file?.sha256 === name || file?.name === name);
      if (found === undefined) return null;
      const path = join(folder, found.name);
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      // one that is being replaced is not what the index says
      if (size !== found.bytes) return null;
      return { sha256: found.sha256, bytes: found.bytes, open: () => createReadStream(path) };
    },
  };
};
