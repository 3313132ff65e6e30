/** Runs recipes of Chef (or Cinc) in local mode: one run for all that are adjacent. */
import type { Applied } from '../apply.js';
import { endedText, runCommand, type Ended } from '../command.js';
import { chefAttributes, chefClient, type Client } from './chef/client.js';
import { removeLeftBehind, writeChefFiles, type ChefFiles } from './chef/config.js';
import { chefVerdict, type Verdict } from './chef/exit.js';
import { readReport, type Report } from './chef/report.js';
import {
  NOTHING,
  environmentOf,
  lineListener,
  stopBy,
  type FoundRecipe,
  type Runner,
  type RunScene,
} from './work.js';

/** Somebody else's run is waited for; without a limit that were for ever. */
const LOCK_SECONDS = 300;

/** Not `--fork`: it turns the codes of a reboot and an upgrade into 1. Not `-r`: it would save the node. */
const argumentsFor = (runList: string, files: ChefFiles, dryRun: boolean): readonly string[] => [
  '-z',
  '-c',
  files.config,
  '-j',
  files.attributes,
  '-o',
  runList,
  '--no-color',
  '-l',
  'info',
  '--lockfile',
  files.lock,
  '--run-lock-timeout',
  String(LOCK_SECONDS),
  ...(dryRun ? ['-W'] : []),
];

const licenceOf = (scene: RunScene): NodeJS.ProcessEnv => {
  const { license } = chefAttributes(scene);
  return typeof license === 'string' ? { CHEF_LICENSE: license } : {};
};

interface Converged {
  readonly ended: Ended;
  readonly verdict: Verdict;
  readonly report: Report | null;
}

interface ChefRun {
  readonly program: string;
  readonly runList: string;
  readonly id: string;
}

/** SIGTERM would be ignored while it converges. */
const converge = async ({ program, runList, id }: ChefRun, scene: RunScene): Promise<Converged> => {
  const { work } = scene;
  const files = await writeChefFiles(scene);
  const ended = await runCommand([program, ...argumentsFor(runList, files, work.dryRun)], {
    cwd: scene.folder,
    env: { ...environmentOf(scene), ...licenceOf(scene) },
    signal: work.signal,
    stop: stopBy('SIGINT'),
    listener: lineListener(id, scene),
  }).finally(() => removeLeftBehind(scene));
  return { ended, verdict: chefVerdict(ended.code), report: await readReport(files.reports) };
};

/** One that was upgraded meanwhile runs once more, as the new one. */
const convergeTwice = async (run: ChefRun, scene: RunScene): Promise<Converged> => {
  const first = await converge(run, scene);
  if (first.verdict.again !== true || scene.work.signal.aborted) return first;
  scene.work.log.info('Chef was upgraded: it runs again', { recipes: run.runList });
  return converge(run, scene);
};

const failureOf = ({ ended, verdict, report }: Converged, run: ChefRun, scene: RunScene): string | null => {
  if (verdict.failure === null) return null;
  const why = scene.work.signal.aborted ? 'stopped because the run was aborted' : null;
  const said = why === null ? [verdict.failure, report?.exception ?? ''] : [];
  const reasons = said.filter((text) => text !== '').map((text) => `${scene.secrets.mask(text)}; `);
  return `${run.id}: ${reasons.join('')}${endedText([run.program, '-o', run.runList], ended, why)}`;
};

const appliedOf = (converged: Converged, run: ChefRun, scene: RunScene): Applied => {
  const { verdict, report } = converged;
  const changed = (report?.changed ?? []).map((id) => scene.secrets.mask(id));
  const diffs = changed.map((resource) => ({ resource, diff: `would be changed by ${run.runList}` }));
  return {
    changed,
    failure: failureOf(converged, run, scene),
    ...(verdict.warning === undefined ? {} : { warning: `${run.id}: ${verdict.warning}` }),
    ...(report === null
      ? { notes: [`${run.id}: it left no report that can be read of what it changed`] }
      : {}),
    ...(scene.work.dryRun ? { diffs } : {}),
    ...(verdict.reboot === true && !scene.work.dryRun ? { reboot: true } : {}),
  };
};

const withPackage = (applied: Applied, { installed }: Client): Applied =>
  installed ? { ...applied, changed: ['package[chef]', ...applied.changed] } : applied;

export const chef: Runner = async (recipes: readonly FoundRecipe[], scene: RunScene) => {
  const runList = recipes.map(({ cookbook, recipe }) => `recipe[${cookbook}::${recipe}]`).join(',');
  const id = `chef[${recipes.map(({ name }) => name).join(', ')}]`;
  const client = await chefClient(scene);
  if (client === null)
    return { ...NOTHING, notes: [`${id}: cannot be told before Chef is installed, which is not done yet`] };
  const run = { program: client.program, runList, id };
  return withPackage(appliedOf(await convergeTwice(run, scene), run, scene), client);
};
