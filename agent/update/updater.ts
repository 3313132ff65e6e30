/** Brings an installed agent to the build that its gateway names, when nothing runs; what does not come up is gone back from. */
import { type AgentRelease, buildOf, platformOf } from '../../api-types/agent-release.js';
import type { Hello } from '../../api-types/agent-protocol.js';
import { millis, minutes, seconds } from '../../api-types/units.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { type BackOff, delayAfter } from '../back-off.js';
import type { Route } from '../requests.js';
import { downloadAgent, GatewayBusy } from './download.js';
import type { Home } from './home.js';

export interface UpdaterDependencies {
  readonly home: Home;
  /** The way to the gateway whose turn it is; further attempts go to others, where there are any. */
  readonly route: (attempt: number) => Route;
  /** Nothing is being carried out. */
  readonly idle: () => boolean;
  /** Ends the agent, for whoever started it to start the new build. */
  readonly restart: () => void;
  readonly stopping: AbortSignal;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
}

/** After a gateway that has too much to do, or not yet the file. */
const AGAIN: BackOff = { first: seconds(5), longest: seconds(60) };
/** After these, or so long, it waits to be told again: meanwhile another release may be wanted, or none. */
const MOST_TRIES = 10;
const LONGEST = minutes(20);
const LOOK_AGAIN = millis(500);

export class Updater {
  private updating = false;
  private proven = false;

  constructor(private readonly with_: UpdaterDependencies) {}

  /** What a gateway is told of this build. */
  hello(): Pick<Hello, 'build' | 'gaveUp'> {
    const { build, bad } = this.with_.home;
    const gaveUp = bad.at(-1);
    return { build, ...(gaveUp === undefined ? {} : { gaveUp }) };
  }

  /** A gateway welcomed this build: it is the one to stay with. */
  welcomed(): void {
    if (this.proven) return;
    this.proven = true;
    this.with_.home.prove().catch((error: unknown) => {
      this.proven = false;
      this.with_.log.error('it cannot be noted that this agent is a good one', { error: String(error) });
    });
  }

  /** The gateway wants this release. */
  wanted(release: AgentRelease): void {
    const { home, log } = this.with_;
    const platform = platformOf(home.build);
    const build = platform === null ? null : buildOf(release, platform);
    const sha256 = platform === null ? undefined : release.sha256[platform];
    if (build === null || sha256 === undefined || build === home.build || this.updating) return;
    if (home.bad.includes(build)) log.warn('an update is refused: it did not come up here before', { build });
    else void this.update(build, sha256);
  }

  private async update(build: string, sha256: string): Promise<void> {
    const { log, home } = this.with_;
    this.updating = true;
    log.info('an update of the agent begins', { from: home.build, to: build });
    try {
      if (!(await this.bring(sha256))) return;
      await home.switchTo(build);
      await this.restartIdle(build);
    } catch (error) {
      log.error('the update of the agent failed', { to: build, error: String(error) });
    } finally {
      this.updating = false;
    }
  }

  private async bring(sha256: string): Promise<boolean> {
    const { home, log, clock, chance, stopping, route } = this.with_;
    const until = clock.monotonic() + LONGEST;
    let tries = 0;
    for (let turn = 0; tries < MOST_TRIES && clock.monotonic() < until && !stopping.aborted; turn += 1) {
      try {
        await downloadAgent(route(turn), sha256, await home.prepare(), stopping);
        return true;
      } catch (error) {
        const busy = error instanceof GatewayBusy ? error.after : null;
        if (busy === null) tries += 1; // to wait in a queue is no failure
        log.warn('the update cannot be had yet', {
          why: error instanceof Error ? error.message : String(error),
        });
        await clock.sleep(millis((busy ?? 0) + delayAfter(turn, AGAIN, chance)), stopping);
      }
    }
    return false;
  }

  /** Looking and ending are one turn: no event can begin between them. */
  private async restartIdle(build: string): Promise<void> {
    const { idle, restart, clock, stopping, log } = this.with_;
    while (!idle() && !stopping.aborted) await clock.sleep(LOOK_AGAIN, stopping);
    if (stopping.aborted) return;
    log.info('the agent ends to be started as its update', { to: build });
    restart();
  }
}
