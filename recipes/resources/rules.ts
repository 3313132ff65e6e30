/** Checks of sudoRule, cron and sysctl: small files that some program of the host reads. */
import { readFile, writeFile } from 'node:fs/promises';
import { endedText } from '../command.js';
import { carryOut, checkFile, type Judge } from '../files.js';
import { ifThere } from '../place.js';
import type { CronResource, SudoRuleResource, SysctlResource } from '../resource.js';
import { change, type Check, type Scene } from '../scene.js';
import { isMissing, runTool } from '../tools.js';

const HEAD = '# Written by Scalarium; changes are overwritten.\n';

/** sudo and cron read no file with a dot in its name. */
const FILE_NAME = /^[A-Za-z0-9_-]+$/;

const refuseOdd = (name: string, what: string): void => {
  if (!FILE_NAME.test(name))
    throw new Error(`"${name}" is no name of a ${what}: expected letters, digits, "_" and "-"`);
};

/** One file that sudo cannot read takes sudo away from everybody. */
const byVisudo =
  (scene: Scene): Judge =>
  async (fresh) => {
    // not quiet: then it does not say what is wrong
    const command = ['visudo', '-c', '-f', fresh];
    const ended = await runTool(command, scene).catch((error: unknown) => {
      if (!scene.folder || !isMissing(error)) throw error;
      scene.note('visudo is not on this machine: the rules that it would judge are written unseen');
      return null;
    });
    if (ended !== null && ended.code !== 0)
      throw new Error(`the rule is not accepted: ${endedText(command, ended, null)}`);
  };

/** The accounts of people have files of this name there, and remove those that they do not know. */
const ACCOUNTS = 'scalarium-';

export const sudoRule: Check<SudoRuleResource> = (resource, scene) => {
  const { name, content } = resource;
  refuseOdd(name, 'sudo rule');
  if (name.startsWith(ACCOUNTS)) throw new Error(`names that begin with "${ACCOUNTS}" are those of accounts`);
  const path = `/etc/sudoers.d/${name}`;
  return checkFile(scene.root, { path, content: HEAD + content, mode: 0o440, judge: byVisudo(scene) });
};

const SCHEDULE = /^(@(reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)|\S+( \S+){4})$/;

const refuseBreaks = (what: string, text: string): void => {
  if (/[\n\r\0]/.test(text)) throw new Error(`${what} has a line break in it`);
};

const USER = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What would be another line, or another field, than it is meant as. */
const refuseOddCron = ({ name, schedule, user, command, environment = {} }: CronResource): void => {
  refuseOdd(name, 'cron file');
  if (!SCHEDULE.test(schedule))
    throw new Error(`"${schedule}" is no schedule: expected five fields, or @daily and its like`);
  if (!USER.test(user)) throw new Error(`"${user}" is no name of a user`);
  refuseBreaks('command', command);
  for (const [variable, value] of Object.entries(environment)) {
    if (!VARIABLE.test(variable)) throw new Error(`"${variable}" is no name of a variable`);
    refuseBreaks(variable, value);
  }
};

const cronText = ({ schedule, user, command, environment = {} }: CronResource): string => {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  // cron takes an unescaped % for a line break
  return `${HEAD}${variables.join('')}${schedule} ${user} ${command.replaceAll('%', '\\%')}\n`;
};

export const cron: Check<CronResource> = (resource, { root }) => {
  refuseOddCron(resource);
  return checkFile(root, { path: `/etc/cron.d/${resource.name}`, content: cronText(resource), mode: 0o644 });
};

/** With dots, or with slashes where a part has a dot in it: `net/ipv4/conf/eth0.100/forwarding`. */
const SETTING = /^[a-z0-9_-]+((\.[A-Za-z0-9_-]+)+|(\/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)+)$/;

const oneSpaced = (text: string): string => text.trim().split(/\s+/).join(' ');

const current = async (place: string, name: string): Promise<string> => {
  const found = await ifThere(() => readFile(place, 'utf8'));
  if (found === null) throw new Error(`the kernel has no setting ${name}`);
  return oneSpaced(found);
};

const set = async (
  place: string,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<void> => {
  try {
    await writeFile(place, value);
  } catch (error) {
    throw new Error(`the kernel refuses "${value}" for ${name}: ${(error as Error).message}`, {
      cause: error,
    });
  }
};

/** The kernel's own is the machine's: of a host that is a folder only the file is written. */
export const sysctl: Check<SysctlResource> = async ({ name, value }, scene) => {
  if (!SETTING.test(name)) throw new Error(`"${name}" is no name of a setting`);
  refuseBreaks('its value', value);
  const path = `/etc/sysctl.d/60-scalarium-${name.replaceAll('/', '.')}.conf`;
  const content = `${HEAD}${name} = ${value}\n`;
  const kept = await checkFile(scene.root, { path, content, mode: 0o644 });
  if (scene.folder) {
    scene.note('settings of the kernel are written, not set: this host is a folder of a machine');
    return kept;
  }
  const place = `/proc/sys/${name.includes('/') ? name : name.replaceAll('.', '/')}`;
  const now = await current(place, name);
  const differs = now !== oneSpaced(value);
  if (kept === null && !differs) return null;
  return change(differs ? `${name}: ${now} → ${value}` : (kept?.diff ?? ''), async () => {
    // first the kernel: what it refuses is not to be tried at each start of the host
    if (differs) await set(place, { name, value });
    await carryOut(kept);
  });
};
