/** Agent files as `npm run build:agent` leaves them, with whatever a test wants in place of the agent. */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type AgentRelease, type Platform, releaseOf } from '../../api-types/agent-release.js';

/** What this machine is. */
export const PLATFORM: Platform = process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64';

/** Puts `agent` (a whole executable, or a script) there as the file for this machine; answers what is to be pinned. */
export const writeAgentFiles = (folder: string, version: string, agent: string | Buffer): AgentRelease => {
  mkdirSync(folder, { recursive: true });
  const packed = gzipSync(agent);
  const name = `scalarium-agent-${PLATFORM}.gz`;
  const sha256 = createHash('sha256').update(packed).digest('hex');
  const files = {
    [PLATFORM]: { name, sha256, bytes: packed.length, unpackedBytes: Buffer.byteLength(agent) },
  };
  writeFileSync(join(folder, name), packed);
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ version, files }));
  return releaseOf({ version, files });
};
