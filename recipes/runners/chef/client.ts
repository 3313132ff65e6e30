/** Chef's own program on the host, or the package that brings it. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Attributes } from '../../attributes.js';
import { download } from '../../download.js';
import { mustRun } from '../../tools.js';
import { customJson } from '../host.js';
import { findProgram } from '../programs.js';
import { environmentOf, lineListener, type RunScene } from '../work.js';

const NAMES = ['chef-client', 'cinc-client'];
const OWN_FOLDERS = '/opt/chef/bin:/opt/cinc/bin';
const INSTALL_SECONDS = 600;

interface ChefPackage {
  readonly url: string;
  readonly sha256: string;
}

const NONE =
  'there is no chef-client and no cinc-client on this host: use an image that has one, or set the attribute chef.package: { url, sha256 } of the role to a .deb or .rpm of Cinc or Chef';

const isRecord = (value: unknown): value is Attributes => typeof value === 'object' && value !== null;

export const chefAttributes = (scene: RunScene): Attributes => {
  const { chef } = customJson(scene.work);
  return isRecord(chef) ? chef : {};
};

const packageOf = (scene: RunScene): ChefPackage | null => {
  const found = chefAttributes(scene)['package'];
  if (found === undefined) return null;
  const { url, sha256 } = isRecord(found) ? found : {};
  if (typeof url === 'string' && typeof sha256 === 'string') return { url, sha256 };
  throw new Error('the attribute chef.package: expected { url, sha256 } as two texts');
};

const installer = (file: string): readonly string[] =>
  file.endsWith('.rpm') ? ['rpm', '-U', file] : ['dpkg', '-i', file];

const install = async ({ url, sha256 }: ChefPackage, scene: RunScene): Promise<void> => {
  const { work, folder } = scene;
  const file = join(folder, new URL(url).pathname.endsWith('.rpm') ? 'package.rpm' : 'package.deb');
  work.log.info('installing Chef', { url });
  await mkdir(folder, { recursive: true });
  try {
    await download(file, { url, checksum: sha256, signal: work.signal });
    await mustRun(installer(file), {
      signal: work.signal,
      timeoutSeconds: INSTALL_SECONDS,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      listener: lineListener('package[chef]', scene),
    });
  } finally {
    await rm(file, { force: true });
  }
};

const here = (scene: RunScene): Promise<string | null> =>
  findProgram(NAMES, `${environmentOf(scene)['PATH'] ?? ''}:${OWN_FOLDERS}`);

export interface Client {
  readonly program: string;
  /** It was brought just now. */
  readonly installed: boolean;
}

/** Null: a dry run, and it would have to be installed first. Throws, for people, when there is none to be had. */
export const chefClient = async (scene: RunScene): Promise<Client | null> => {
  const program = await here(scene);
  if (program !== null) return { program, installed: false };
  const wanted = packageOf(scene);
  if (wanted === null) throw new Error(NONE);
  if (scene.work.dryRun) return null;
  await install(wanted, scene);
  const brought = await here(scene);
  if (brought === null)
    throw new Error(`${wanted.url} was installed and brought no chef-client or cinc-client`);
  return { program: brought, installed: true };
};
