/** What a snapshot last said of this host: at its shutdown it is in none any more, and its roles' recipes run all the same. */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { SnapshotHost, type Snapshot } from '../api-types/snapshot.js';
import { readIfThere, writePrivate } from '../runtime/private-file.js';

const parsed = (text: string | null): SnapshotHost | null => {
  try {
    const decoded = SnapshotHost.decode(JSON.parse(text ?? 'null'));
    return E.isRight(decoded) ? decoded.right : null;
  } catch {
    return null;
  }
};

const decodedIn = async (file: string): Promise<SnapshotHost | null> => parsed(await readIfThere(file));

export interface RememberedHost {
  /** The snapshot with the host in it, as it was when it was in one last. */
  complete(snapshot: Snapshot, instance: string): Promise<Snapshot>;
}

/** Kept in a file below the root. */
export const openRememberedHost = (root: string): RememberedHost => {
  const file = join(root, 'var/lib/scalarium/host.json');
  let written = '';
  const remember = async (host: SnapshotHost): Promise<void> => {
    const text = JSON.stringify(host);
    if (text === written) return;
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    await writePrivate(file, text);
    written = text;
  };
  return {
    complete: async (snapshot, instance) => {
      const host = snapshot.hosts[instance];
      if (host !== undefined) {
        await remember(host);
        return snapshot;
      }
      const known = await decodedIn(file);
      if (known === null) return snapshot;
      return { ...snapshot, hosts: { ...snapshot.hosts, [instance]: { ...known, ready: false } } };
    },
  };
};
