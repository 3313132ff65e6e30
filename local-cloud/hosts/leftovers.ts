/** Hosts that outlived their driver. */
import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { millis, seconds } from '../../api-types/units.js';
import type { Clock } from '../../runtime/clock.js';
import { isAlive, signalProcess, type ProcessIdentity } from '../../runtime/process-identity.js';
import { killAll, processesBelow } from './folder-processes.js';
import { readHosts } from './host-file.js';
import { closeBridge } from './namespace/bridge.js';
import { namespaceSurvivors } from './namespace/survivors.js';
import { survivorsIn } from './survivors.js';

const KIND_WITHIN = seconds(5);
const POLL = millis(50);

const leftIn = (directory: string): readonly ProcessIdentity[] => {
  const known = readHosts(directory).flatMap(({ process }) => (process === null ? [] : [process]));
  const found = [...survivorsIn(directory).values(), ...namespaceSurvivors(directory).values()];
  const byPid = new Map([...known, ...found].map((each) => [each.pid, each]));
  return [...byPid.values()].filter(isAlive);
};

/**
 * Ends every agent below a driver's directory, kindly and then not, and tells how many there were. They are not
 * reported dead: the next driver boots them again. To be called when no driver runs there.
 */
export const endHosts = async (directory: string, clock: Clock): Promise<number> => {
  if (!existsSync(directory)) return 0;
  const place = await realpath(directory);
  const left = leftIn(place);
  for (const each of left) signalProcess(each, 'SIGTERM');
  const until = clock.monotonic() + KIND_WITHIN;
  while (left.some(isAlive) && clock.monotonic() < until) await clock.sleep(POLL);
  for (const each of left) signalProcess(each, 'SIGKILL');
  await killAll(() => processesBelow(place), clock);
  closeBridge(place);
  return left.length;
};
