/** One run of resources on a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Ahead } from './ahead.js';
import type { Applied, ApplyOptions, ResourceDiff } from './apply.js';
import { boundedDiffs } from './diffs.js';
import { Pending, isGrantable, notificationProblem, wishesOf, type Wish } from './notifications.js';
import { Owed } from './owed.js';
import { messageOf } from './reasons.js';
import { resourceId, type Resource } from './resource.js';
import { isConcerned, notified } from './resources/execute.js';
import { bringTogether, culprit, isPackageChange, type PackageChange } from './resources/package.js';
import { actOn, refuseDead } from './resources/service.js';
import { sceneOf } from './scene-of.js';
import { isElsewhere, type Change, type Effect, type Scene, type Started, type Verdict } from './scene.js';

/** After which a service that was started counts as one that runs. */
const SETTLE_MS = 500;

/** A resource and what differs from it. */
interface Found {
  readonly resource: Resource;
  readonly change: Change;
}

/** Use once. */
export class Converge {
  private readonly changed: string[] = [];
  private readonly warnings: string[] = [];
  private readonly failures: string[] = [];
  private readonly diffs: ResourceDiff[] = [];
  private readonly notes = new Set<string>();
  private readonly pending = new Pending();
  private readonly acting = new Set<string>();
  private readonly started = new Map<Resource, Started>();
  private owed: Owed | null = null;
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
    else await this.runAll();
    return this.applied();
  }

  private async runAll(): Promise<void> {
    const owed = await this.noting(() => Owed.open(this.options.root));
    if (owed === null) return;
    this.owed = owed;
    for (const wish of owed.inherited)
      if (isGrantable(wish, this.byId)) this.pending.add(wish);
      else owed.leave([wish]);
    await this.inTurn(owed);
    await this.ahead.ended();
    await this.atTheEnd();
    await this.seeWhoStays();
    if (!this.dry && !this.options.signal.aborted) await this.noting(() => owed.settle());
  }

  private async noting<A>(work: () => Promise<A>): Promise<A | null> {
    try {
      return await work();
    } catch (error) {
      this.failures.push(`what the run owes cannot be noted: ${messageOf(error)}`);
      return null;
    }
  }

  private get dry(): boolean {
    return this.options.dryRun === true;
  }

  private async inTurn(owed: Owed): Promise<void> {
    for (let turn = 0; turn < this.resources.length && this.failures.length === 0;) {
      const resource = this.resources[turn] as Resource;
      if (this.options.signal.aborted) {
        this.fail(resource, 'the run was aborted before it');
        return;
      }
      turn = await this.step(resource, turn, owed);
    }
  }

  /** Gives whose turn is next: adjacent packages are one step. */
  private async step(resource: Resource, turn: number, owed: Owed): Promise<number> {
    try {
      const [found, next] = await this.foundFrom(turn);
      if (found.length > 0) await this.bringAll(found, owed);
      return next;
    } catch (error) {
      this.failed(resource, error);
      return turn + 1;
    }
  }

  private async foundFrom(turn: number): Promise<readonly [readonly Found[], number]> {
    const resource = this.resources[turn] as Resource;
    const change = await this.ahead.take(turn);
    if (change === null) return [[], turn + 1];
    return isPackageChange(change)
      ? this.packagesFrom(turn, { resource, change })
      : [[{ resource, change }], turn + 1];
  }

  /** Up to one whose check fails: that is told when its own turn comes. */
  private async packagesFrom(turn: number, first: Found): Promise<readonly [readonly Found[], number]> {
    const found = [first];
    let next = turn + 1;
    for (; this.resources[next]?.type === 'package'; next += 1) {
      const change = await this.ahead.take(next).catch(() => undefined);
      if (change === undefined) break;
      if (change !== null) found.push({ resource: this.resources[next] as Resource, change });
    }
    return [found, next];
  }

  private async bringAll(found: readonly Found[], owed: Owed): Promise<void> {
    const wishes = found.flatMap(({ resource }) => wishesOf(resource));
    try {
      if (!this.dry) await owed.promise(wishes);
      const [only] = found as readonly [Found];
      if (isPackageChange(only.change)) await this.bringPackages(found);
      else await this.bring(only);
    } catch (error) {
      // some of it may have been changed
      owed.leave(wishes);
      const named = culprit(
        found.map(({ resource }) => resource),
        error,
      );
      this.failed(named ?? (found[0] as Found).resource, error);
    }
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
    if (effect.started !== undefined) this.startedNow(resource, effect.started);
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
      if (when === 'immediately') await this.actAnyway({ action, resource: target, from });
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

  private hasStarted(id: string | undefined): boolean {
    return id !== undefined && [...this.started.keys()].some((resource) => resourceId(resource) === id);
  }

  private startedNow(resource: Resource, started: Started): void {
    this.started.set(resource, started);
    this.pending.served(resourceId(resource));
  }

  /** One that starts and dies has died by now. All that this run has started are looked at together. */
  private async seeWhoStays(): Promise<void> {
    if (this.started.size === 0 || this.options.signal.aborted) return;
    await sleep(this.options.settleMillis ?? SETTLE_MS);
    for (const [resource, before] of this.started) {
      if (resource.type !== 'service') continue;
      await refuseDead(resource.name, this.scene, before).catch((error: unknown) => {
        this.failed(resource, error);
      });
    }
  }

  private async actAnyway(wish: Wish): Promise<void> {
    try {
      await this.actOn(wish);
      this.owed?.served(wish);
    } catch (error) {
      this.owed?.leave([wish]);
      this.failed(this.byId.get(wish.resource) as Resource, error);
    }
  }

  /** Nothing, where it is being acted upon already: it has notified itself, by way of others. */
  private async actOn(wish: Wish): Promise<void> {
    const { action, resource: id, from } = wish;
    const resource = this.byId.get(id);
    if (resource === undefined || this.acting.has(id)) return;
    this.pending.served(id, action);
    if (!(await isConcerned(resource, this.scene))) return;
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
    if (this.hasStarted(resource.ofReload)) return;
    const verdict: Verdict = await notified(resource, this.scene);
    if (verdict !== null) await this.bring({ resource, change: verdict });
  }

  private async serve(resource: Extract<Resource, { readonly type: 'service' }>, wish: Wish): Promise<void> {
    const { action, from } = wish;
    const started = action === 'run' ? null : await actOn(resource, action, this.scene);
    if (started === null) return;
    this.ahead.changed();
    if (action !== 'reload' || resource.reloadIsSeen !== true) this.started.set(resource, started);
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
