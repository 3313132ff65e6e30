/** One run of resources on a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ahead } from './ahead.js';
import type { Applied, ApplyOptions, ResourceDiff } from './apply.js';
import { boundedDiffs } from './diffs.js';
import { Pending, notificationProblem, type Wish } from './notifications.js';
import { packagesOf } from './packages/here.js';
import { isFolder } from './platform.js';
import { resourceId, type Resource } from './resource.js';
import { notified } from './resources/execute.js';
import { bringTogether, isPackageChange, type PackageChange } from './resources/package.js';
import { actOn, refuseDead } from './resources/service.js';
import { isElsewhere, type Change, type Effect, type Scene, type Verdict } from './scene.js';
import { openSecrets } from './secrets.js';

/** After which a service that was started counts as one that runs. */
const SETTLE_MS = 500;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A resource and what differs from it. */
interface Found {
  readonly resource: Resource;
  readonly change: Change;
}

const sceneOf = ({ root, signal, platform, log, secrets }: ApplyOptions, notes: Set<string>): Scene => ({
  root,
  folder: isFolder(root),
  signal,
  platform,
  log,
  secrets: openSecrets(secrets),
  packages: packagesOf(platform, signal),
  note: (text) => {
    notes.add(text);
  },
});

/** Use once. */
export class Converge {
  private readonly changed: string[] = [];
  private readonly warnings: string[] = [];
  private readonly failures: string[] = [];
  private readonly diffs: ResourceDiff[] = [];
  private readonly notes = new Set<string>();
  private readonly pending = new Pending();
  private readonly acting = new Set<string>();
  private readonly started = new Set<Resource>();
  private readonly scene: Scene;
  private readonly ahead: Ahead;
  private readonly byId: ReadonlyMap<string, Resource>;

  constructor(
    private readonly resources: readonly Resource[],
    private readonly options: ApplyOptions,
  ) {
    this.scene = sceneOf(options, this.notes);
    this.ahead = new Ahead(resources, this.scene);
    const ours = resources.filter((resource) => !isElsewhere(resource, this.scene));
    this.byId = new Map(ours.map((resource) => [resourceId(resource), resource]));
  }

  async run(): Promise<Applied> {
    const problem = notificationProblem(this.resources);
    if (problem !== null) this.failures.push(problem);
    else await this.inTurn();
    await this.ahead.ended();
    await this.atTheEnd();
    await this.seeWhoStays();
    return this.applied();
  }

  private get dry(): boolean {
    return this.options.dryRun === true;
  }

  private async inTurn(): Promise<void> {
    for (let turn = 0; turn < this.resources.length && this.failures.length === 0;) {
      const resource = this.resources[turn] as Resource;
      if (this.options.signal.aborted) {
        this.fail(resource, 'the run was aborted before it');
        return;
      }
      turn = await this.step(resource, turn);
    }
  }

  /** Gives whose turn is next: adjacent packages are one step. */
  private async step(resource: Resource, turn: number): Promise<number> {
    try {
      const verdict = await this.ahead.take(turn);
      if (verdict === null) return turn + 1;
      if (!isPackageChange(verdict)) {
        await this.bring({ resource, change: verdict });
        return turn + 1;
      }
      const [found, next] = await this.packagesFrom(turn, verdict);
      await this.bringPackages(found);
      return next;
    } catch (error) {
      this.failed(resource, error);
      return turn + 1;
    }
  }

  private async packagesFrom(
    turn: number,
    first: PackageChange,
  ): Promise<readonly [readonly Found[], number]> {
    const found: Found[] = [{ resource: this.resources[turn] as Resource, change: first }];
    let next = turn + 1;
    for (; this.resources[next]?.type === 'package'; next += 1) {
      const verdict = await this.ahead.take(next);
      if (verdict !== null) found.push({ resource: this.resources[next] as Resource, change: verdict });
    }
    return [found, next];
  }

  private async bringPackages(found: readonly Found[]): Promise<void> {
    if (!this.dry) {
      const changes = found.map(({ resource, change }) => ({ resource, change: change as PackageChange }));
      await bringTogether(changes, this.scene);
      this.ahead.changed();
    }
    for (const one of found) await this.note(one, {});
  }

  private async bring(found: Found): Promise<void> {
    const effect = this.dry ? {} : ((await found.change.apply()) ?? {});
    if (effect.changed?.length !== 0) this.ahead.changed();
    await this.note(found, effect);
  }

  /** Writes down what a change came to, and does at once what it wants done at once. */
  private async note({ resource, change }: Found, effect: Effect): Promise<void> {
    const id = resourceId(resource);
    if (this.dry && change.diff === '') return;
    const what = effect.changed ?? [id];
    this.changed.push(...what);
    this.warnings.push(...(effect.warnings ?? []));
    if (this.dry) this.diffs.push({ resource: id, diff: change.diff });
    else this.say(id, what, effect.warnings ?? []);
    if (effect.started === true) this.startedNow(resource);
    if (effect.restart === true) this.pending.add({ action: 'restart', resource: id, from: id });
    if (what.length > 0) await this.notify(resource);
  }

  private say(id: string, changed: readonly string[], warnings: readonly string[]): void {
    const { log } = this.options;
    for (const what of changed) log.info('resource changed', { resource: what });
    for (const warning of warnings) log.warn('left undone', { resource: id, warning: this.masked(warning) });
  }

  private async notify(resource: Resource): Promise<void> {
    const from = resourceId(resource);
    for (const { action, resource: target, when } of resource.notifies ?? []) {
      if (when === 'immediately') await this.actOn({ action, resource: target, from });
      else this.pending.add({ action, resource: target, from });
    }
  }

  /** A failure of one keeps no other from being served; what notifies in a circle is served once. */
  private async atTheEnd(): Promise<void> {
    const done = new Set<string>();
    for (let wishes = this.pending.take(); wishes.length > 0; wishes = this.pending.take())
      for (const wish of wishes) {
        const key = `${wish.action} ${wish.resource}`;
        if (done.has(key)) continue;
        if (this.options.signal.aborted) return;
        done.add(key);
        await this.actAnyway(wish);
      }
  }

  private startedNow(resource: Resource): void {
    this.started.add(resource);
    this.pending.served(resourceId(resource));
  }

  /** One that starts and dies has died by now. All that this run has started are looked at together. */
  private async seeWhoStays(): Promise<void> {
    if (this.started.size === 0 || this.options.signal.aborted) return;
    await sleep(SETTLE_MS);
    for (const resource of this.started) {
      if (resource.type !== 'service') continue;
      await refuseDead(resource.name, this.scene).catch((error: unknown) => {
        this.failed(resource, error);
      });
    }
  }

  private async actAnyway(wish: Wish): Promise<void> {
    try {
      await this.actOn(wish);
    } catch (error) {
      this.failed(this.byId.get(wish.resource) as Resource, error);
    }
  }

  /** Nothing, where it is being acted upon already: it has notified itself, by way of others. */
  private async actOn(wish: Wish): Promise<void> {
    const { action, resource: id, from } = wish;
    const resource = this.byId.get(id);
    if (resource === undefined || this.acting.has(id)) return;
    this.pending.served(id, action);
    if (this.dry) {
      this.diffs.push({ resource: id, diff: `${action}, notified by ${from}` });
      return;
    }
    this.acting.add(id);
    try {
      if (resource.type === 'execute') await this.runNotified(resource);
      else if (resource.type === 'service') await this.serve(resource, wish);
    } finally {
      this.acting.delete(id);
    }
  }

  private async runNotified(resource: Extract<Resource, { readonly type: 'execute' }>): Promise<void> {
    const verdict: Verdict = await notified(resource, this.scene);
    if (verdict !== null) await this.bring({ resource, change: verdict });
  }

  private async serve(resource: Extract<Resource, { readonly type: 'service' }>, wish: Wish): Promise<void> {
    const { action, from } = wish;
    if (action === 'run' || !(await actOn(resource, action, this.scene))) return;
    this.ahead.changed();
    this.started.add(resource);
    this.options.log.info('service notified', { resource: wish.resource, action, from });
  }

  /** In a dry run, what comes after a change that was not made may not be possible yet. */
  private failed(resource: Resource, error: unknown): void {
    const message = messageOf(error);
    if (!this.dry || this.changed.length === 0) this.fail(resource, message);
    else this.scene.note(`${resourceId(resource)}: cannot be told before the rest is done: ${message}`);
  }

  private fail(resource: Resource, message: string): void {
    const place = resource.at === undefined ? '' : ` (${resource.at})`;
    const failure = this.masked(`${resourceId(resource)}${place}: ${message}`);
    this.options.log.warn('resource failed', { resource: resourceId(resource), failure });
    this.failures.push(failure);
  }

  private masked(text: string): string {
    return this.scene.secrets.mask(text);
  }

  private applied(): Applied {
    const all = (texts: Iterable<string>): readonly string[] => [...texts].map((text) => this.masked(text));
    const [warnings, notes] = [all(this.warnings), all(this.notes)];
    return {
      changed: this.changed,
      failure: this.failures.length === 0 ? null : this.failures.join('\n'),
      ...(warnings.length === 0 ? {} : { warning: warnings.join('\n') }),
      ...(notes.length === 0 ? {} : { notes }),
      ...(this.dry ? { diffs: this.shownDiffs() } : {}),
    };
  }

  private shownDiffs(): readonly ResourceDiff[] {
    return boundedDiffs(this.diffs.map(({ resource, diff }) => ({ resource, diff: this.masked(diff) })));
  }
}
