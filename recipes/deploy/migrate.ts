/** Runs the migration of a release: never a second time by itself. */
import { migrationCommand } from './build.js';
import { runHook, runLine, shellLine, type Target } from './commands.js';
import { prepare } from './prepare.js';

const SECONDS = 600;

type State = 'begun' | 'done' | 'failed';

const mark = async ({ subject }: Target, how: State | null): Promise<void> => {
  const migration = how === null ? undefined : { deployment: subject.about.uid, state: how };
  await subject.write({ ...(await subject.state()), migration });
};

/** True: it is through. Throws where nobody knows. */
const wasDone = async ({ subject }: Target): Promise<boolean> => {
  const { migration } = await subject.state();
  if (!subject.on.interrupted || migration?.deployment !== subject.about.uid) return false;
  if (migration.state === 'begun')
    throw new Error(
      'the migration was cut off, and is not run again by itself: it may have run, in part or whole. Look at the database, then promote (it runs again) or abort',
    );
  if (migration.state === 'failed')
    throw new Error(
      'the migration failed, and is not run again by itself: what it said is in the log of the host',
    );
  return true;
};

const migrateNow = async (target: Target, command: string): Promise<void> => {
  await runHook(target, 'beforeMigrate', 'migrate');
  await mark(target, 'begun');
  const seconds = target.release.config.migration?.timeoutSeconds ?? SECONDS;
  try {
    await runLine(target, { ...shellLine(command, 'migrate'), seconds });
  } catch (error) {
    // cut off by the agent's end nobody looked at how it ended
    if (!target.subject.on.stopping.aborted) await mark(target, 'failed');
    throw error;
  }
  await mark(target, 'done');
};

/** Prepares the release where it is not. One that was interrupted is not begun again where it may have run. */
export const migrate = async (target: Target): Promise<void> => {
  const { subject, release } = target;
  const command = migrationCommand(release.config);
  if (command === null) {
    subject.note(`${subject.application} has no migration`);
    return;
  }
  if (await subject.stage('migrate', release, () => wasDone(target))) return;
  await mark(target, null);
  await prepare(target);
  await subject.stage('migrate', release, () => migrateNow(target, command));
  subject.changed(`migration[${subject.application} ${String(release.number)}]`);
};
