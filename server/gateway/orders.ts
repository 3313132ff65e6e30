/** Life-cycle events by the machines they are for, ready to be sent. */
import type { Ability, EventOrder } from '../../api-types/agent-protocol.js';
import { isEnded } from '../../api-types/kinds/deployment.js';
import type { Change, Live, Objects } from '../../store/objects/objects.js';
import { needsOf } from './abilities.js';

type Event = Live<'LifecycleEvent'>;

export interface Order {
  readonly cluster: string;
  readonly name: string;
  /** Store revision at which the event was written: events never change. */
  readonly revision: number;
  readonly digest: string;
  /** The digest its diff starts from; empty: it has none. */
  readonly base: string;
  readonly targets: readonly string[];
  /** What an agent must be able to do. */
  readonly needs: readonly Ability[];
  /** The uid of the Run it is for; null: of none. */
  readonly run: string | null;
  /** The Deployment it is a step of; null: of none. */
  readonly step: DeployStepOf | null;
}

interface DeployStepOf {
  readonly uid: string;
  readonly deployment: string;
  readonly application: string;
  /** The number of the release that it puts in force; null: it does something else. */
  readonly activates: number | null;
  /** It ends what is not in force any more, which is right at any time. */
  readonly finishes: boolean;
}

/** Serialised events kept: enough for a storm of reconnections, little beside the cache. */
const KEPT = 64;

const stepOf = ({ deployment: order }: Event['status']): DeployStepOf | null => {
  if (order === undefined) return null;
  const { uid, deployment, application, step, release } = order;
  const activates = step === 'activate' ? (release?.number ?? null) : null;
  return { uid, deployment, application, activates, finishes: step === 'finish' };
};

const orderOf = ({ ref, incarnation, status }: Event): Order => ({
  cluster: ref.cluster ?? '',
  name: ref.name,
  revision: incarnation,
  digest: status.snapshot.digest,
  base: status.diff?.base ?? '',
  targets: status.targets.map(({ machine }) => machine),
  needs: needsOf(status),
  run: status.run ?? null,
  step: stepOf(status),
});

const asEvent = (live: Live | null): Event | null =>
  live?.ref.kind === 'LifecycleEvent' ? (live as Event) : null;

const byRevision = (a: Order, b: Order): number =>
  a.revision === b.revision ? (a.name < b.name ? -1 : 1) : a.revision - b.revision;

export class Orders {
  private readonly byMachine = new Map<string, readonly Order[]>();
  private readonly texts = new Map<string, Buffer>();

  constructor(private readonly objects: Objects) {
    for (const live of objects.list('LifecycleEvent')) this.add(orderOf(live));
  }

  /** Takes a change in; gives the new event, if it is one. */
  take({ before, after }: Change): Order | null {
    const [old, now] = [asEvent(before), asEvent(after)];
    if (old !== null && now?.incarnation !== old.incarnation) this.remove(orderOf(old));
    if (now === null || now.incarnation === old?.incarnation) return null;
    const order = orderOf(now);
    this.add(order);
    return order;
  }

  /** What a machine whose journal ends with `cursor` is to be sent, that revision included, oldest first. */
  from(machine: string, cursor: number): readonly Order[] {
    const held = this.byMachine.get(machine) ?? [];
    return held.filter((order) => order.revision >= cursor && !this.isOver(order));
  }

  private isOver(order: Order): boolean {
    return this.isOfEndedRun(order) || this.isOfEndedDeployment(order);
  }

  /**
   * A host that was away for a Deployment does nothing of it afterwards; but what came into force for all, or is in force again
   * because it failed, it is told all the same, and so is the end of processes of before; and a deleted Application ends on all.
   */
  private isOfEndedDeployment({ cluster, step }: Order): boolean {
    if (step === null || step.finishes) return false;
    const of = this.objects.get({ kind: 'Deployment', cluster, name: step.deployment });
    if (of?.uid === step.uid && !isEnded(of.status)) return false;
    const application = this.objects.get({ kind: 'Application', cluster, name: step.application });
    // the end of a deleted Application is told under its own uid
    if (application?.uid === step.uid) return application.deletion === null;
    const current = application?.status.current;
    return current === undefined || current.number !== step.activates;
  }

  /** Refused by an agent that was too old, it must not be carried out by the next one, long after its Run has ended. */
  private isOfEndedRun({ cluster, needs, run }: Order): boolean {
    if (run === null || needs.length === 0) return false;
    const of = this.objects.list('Run', cluster).find(({ uid }) => uid === run);
    return of === undefined || of.status.finishedAt !== undefined;
  }

  /** The event of this name that is for this machine, or null. */
  find(machine: string, name: string): Order | null {
    return this.byMachine.get(machine)?.find((order) => order.name === name) ?? null;
  }

  /** The message, serialised once for all hosts that are sent it; null when the event is gone meanwhile. */
  text(order: Order, withDiff: boolean): Buffer | null {
    const key = `${order.cluster}/${order.name}/${String(order.revision)}/${String(withDiff)}`;
    const kept = this.texts.get(key);
    if (kept !== undefined) return kept;
    const text = this.serialise(order, withDiff);
    if (text !== null) this.texts.set(key, text);
    const [oldest] = this.texts.keys();
    if (this.texts.size > KEPT && oldest !== undefined) this.texts.delete(oldest);
    return text;
  }

  private serialise({ cluster, name, revision }: Order, withDiff: boolean): Buffer | null {
    const live = this.objects.get({ kind: 'LifecycleEvent', cluster, name });
    if (live === null) return null;
    const { event, snapshot, diff, timeoutSeconds, run, recipes, dryRun, deployment } = live.status;
    const message: EventOrder = {
      type: 'event',
      revision,
      name,
      event,
      snapshot,
      ...(withDiff && diff !== undefined ? { diff } : {}),
      ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
      ...(run === undefined ? {} : { run }),
      ...(recipes === undefined ? {} : { recipes }),
      ...(dryRun === undefined ? {} : { dryRun }),
      ...(deployment === undefined ? {} : { deployment }),
    };
    return Buffer.from(JSON.stringify(message));
  }

  private add(order: Order): void {
    for (const machine of order.targets) {
      const held = this.byMachine.get(machine) ?? [];
      const last = held.at(-1);
      const grown = [...held, order];
      this.byMachine.set(machine, last && byRevision(last, order) > 0 ? grown.sort(byRevision) : grown);
    }
  }

  private remove(order: Order): void {
    for (const machine of order.targets) {
      const held = this.byMachine.get(machine) ?? [];
      const left = held.filter(({ name, revision }) => name !== order.name || revision !== order.revision);
      if (left.length > 0) this.byMachine.set(machine, left);
      else this.byMachine.delete(machine);
    }
  }
}
