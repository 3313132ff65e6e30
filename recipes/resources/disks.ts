/** Checks of filesystem and mount. A device that holds anything is never formatted. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { endedText } from '../command.js';
import { carryOut, checkFile, checkDirectory } from '../files.js';
import { mounts, type Mounted } from '../mounts.js';
import { ifThere, placeOf } from '../place.js';
import { resourceId, type FileSystemResource, type MountResource } from '../resource.js';
import { change, listenerOf, type Check, type Scene, type Verdict } from '../scene.js';
import { askTool, mustRun } from '../tools.js';

const FORMAT_SECONDS = 1_800;
/** Half a file system is one that nobody formats again: what was begun is ended, whoever aborts the run. */
const unheard = new AbortController().signal;
const MOUNT_SECONDS = 120;

const leftOut = (scene: Scene): boolean => {
  if (scene.folder)
    scene.note('devices and mounts are left out: this host is a folder and has none of its own');
  return scene.folder;
};

/** By its own name, whatever links led to it. */
const deviceAt = async (device: string): Promise<string> => {
  if (!/^\/dev\/\S+$/.test(device)) throw new Error(`"${device}" is no device`);
  const real = await ifThere(() => realpath(device));
  if (real === null) throw new Error(`there is no device ${device}`);
  if (!(await stat(real)).isBlockDevice()) throw new Error(`${device} is no block device`);
  return real;
};

/** blkid's own: nothing was found; more than one thing was found. */
const NOTHING = 2;
const SEVERAL = 8;

/** What is on a device: `ext4`, `swap`, a partition table; null: nothing that anybody knows. */
const contentOf = async (device: string, scene: Scene): Promise<string | null> => {
  const command = ['blkid', '--probe', '--output', 'export', device];
  const { code, stdout, ended } = await askTool(command, scene);
  if (code === NOTHING) return null;
  if (code === SEVERAL) return 'several things at once';
  if (code !== 0) throw new Error(endedText(command, ended, null));
  const fields = new Map(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]));
  const type = fields.get('TYPE');
  if (type !== undefined) return type;
  return `a partition table (${fields.get('PTTYPE') ?? 'unknown'})`;
};

interface Block {
  readonly name?: unknown;
  readonly children?: readonly Block[];
}

/** Partitions, volumes and raids made of it. */
const madeOf = async (device: string, scene: Scene): Promise<readonly string[]> => {
  const command = ['lsblk', '--json', '--output', 'NAME', device];
  const { code, stdout, ended } = await askTool(command, scene);
  if (code !== 0) throw new Error(endedText(command, ended, null));
  const { blockdevices = [] } = JSON.parse(stdout) as { readonly blockdevices?: readonly Block[] };
  return blockdevices.flatMap(({ children = [] }) => children.map(({ name }) => String(name)));
};

/** Compared by number: a device has many names. */
const numberOf = async (device: string): Promise<string> => {
  const { rdev } = await stat(device);
  // as Linux packs them
  const major = ((rdev >>> 8) & 0xfff) | 0;
  const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xfff00);
  return `${String(major)}:${String(minor)}`;
};

const mountedFrom = async (device: string): Promise<readonly Mounted[]> => {
  const number = await numberOf(device);
  return (await mounts()).filter((one) => one.device === number);
};

/** Throws, for people, unless the device is there for the taking. */
const refuseUsed = async (device: string, scene: Scene): Promise<void> => {
  const holds = await contentOf(device, scene);
  if (holds !== null)
    throw new Error(`${device} holds ${holds} and is never formatted: wipe it yourself when it may go`);
  const made = await madeOf(device, scene);
  if (made.length > 0) throw new Error(`${device} has partitions or volumes on it: ${made.join(', ')}`);
  const mounted = await mountedFrom(device);
  if (mounted.length > 0) throw new Error(`${device} is mounted at ${mounted[0]?.path ?? ''}`);
};

export const filesystem: Check<FileSystemResource> = async (resource, scene): Promise<Verdict> => {
  if (leftOut(scene)) return null;
  const { format, label } = resource;
  const device = await deviceAt(resource.device);
  if ((await contentOf(device, scene)) === format) return null;
  await refuseUsed(device, scene);
  return change(`${device}: a new ${format}`, async () => {
    // looked at again: somebody may have used it since
    await refuseUsed(device, scene);
    // without -F or -f: these ask, and are told nothing, when they find what blkid did not
    const labelled = label === undefined ? [] : ['-L', label];
    const command = [`mkfs.${format}`, '-q', ...labelled, device];
    const listener = listenerOf(resourceId(resource), scene);
    await mustRun(command, { signal: unheard, timeoutSeconds: FORMAT_SECONDS, listener });
  });
};

/** `UUID=…` and `LABEL=…` name one, too. */
const deviceMeant = async (device: string, scene: Scene): Promise<string> => {
  if (!/^(UUID|LABEL|PARTUUID|PARTLABEL)=/.test(device)) return device;
  const command = ['findfs', device];
  const { code, stdout, ended } = await askTool(command, scene);
  if (code !== 0) throw new Error(endedText(command, ended, null));
  return stdout.trim();
};

const FSTAB = '/etc/fstab';
const DEFAULT_OPTIONS = 'defaults,nofail';

/** Blanks as fstab writes them. */
const encoded = (text: string): string =>
  text.replace(/[\s\\]/g, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, '0')}`);

const lineFor = ({ device, path, format, options = DEFAULT_OPTIONS }: MountResource): string =>
  [encoded(device), encoded(path), format, options, '0', format.startsWith('ext') ? '2' : '0'].join(' ');

/** The table with this line for its place, where the old one stood. */
export const fstabWith = (text: string, path: string, line: string): string => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const at = lines.findIndex(
    (one) => !one.trimStart().startsWith('#') && one.trim().split(/\s+/)[1] === encoded(path),
  );
  if (at < 0) return `${[...lines, line].join('\n')}\n`;
  return `${lines.map((one, index) => (index === at ? line : one)).join('\n')}\n`;
};

/** Null: nothing is mounted there. Throws when it is something else. */
const mountedAt = async ({ path, device }: MountResource, scene: Scene): Promise<Mounted | null> => {
  const place = (await ifThere(() => realpath(path))) ?? path;
  const found = (await mounts()).filter((one) => one.path === place).at(-1) ?? null;
  if (found === null || found.source === device) return found;
  const real = await ifThere(async () => realpath(await deviceMeant(device, scene)));
  if (real !== null && (await stat(real)).isBlockDevice() && (await numberOf(real)) === found.device)
    return found;
  throw new Error(`${found.source} is mounted at ${path}, not ${device}: unmount it first`);
};

export const mount: Check<MountResource> = async (wanted, scene): Promise<Verdict> => {
  if (leftOut(scene)) return null;
  const { root, signal } = scene;
  // as the kernel and fstab write it
  const path = await placeOf(root, wanted.path.replace(/(?<=.)\/+$/, ''));
  const resource = { ...wanted, path };
  const table = (await ifThere(() => readFile(FSTAB, 'utf8'))) ?? '';
  const content = fstabWith(table, path, lineFor(resource));
  const entry = await checkFile(root, { path: FSTAB, content, mode: 0o644 });
  const mounted = await mountedAt(resource, scene);
  if (entry === null && mounted !== null) return null;
  const lines = [...(entry === null ? [] : [entry.diff]), ...(mounted === null ? [`mount ${path}`] : [])];
  return change(lines.join('\n'), async () => {
    await carryOut(entry);
    if (mounted !== null) return;
    if ((await ifThere(() => stat(path))) === null)
      await carryOut(await checkDirectory(root, { path, mode: 0o755 }));
    await mustRun(['mount', path], { signal, timeoutSeconds: MOUNT_SECONDS });
  });
};
