/** What resources make happen to others: kept until its time, each thing once. */
import { resourceId, type Notification, type Resource } from './resource.js';

/** What is to be done at the end, and which resource was the first to ask for it. */
export interface Wish {
  readonly action: Notification['action'];
  readonly resource: string;
  readonly from: string;
}

const TAKEN_BY: Readonly<Record<Notification['action'], Resource['type']>> = {
  restart: 'service',
  reload: 'service',
  run: 'execute',
};

/** For people: the first notification that cannot be carried out. Null: all can. */
export const notificationProblem = (resources: readonly Resource[]): string | null => {
  const types = new Map(resources.map((resource) => [resourceId(resource), resource.type]));
  for (const resource of resources)
    for (const { action, resource: target } of resource.notifies ?? []) {
      const type = types.get(target);
      const says = `${resourceId(resource)}: it notifies ${target}`;
      if (type === undefined) return `${says}, which is not in this run`;
      if (type !== TAKEN_BY[action])
        return `${says} to ${action}, which is for resources of type ${TAKEN_BY[action]}`;
    }
  return null;
};

/** Whether this run can grant a wish of an earlier one. */
export const isGrantable = ({ action, resource }: Wish, byId: ReadonlyMap<string, Resource>): boolean =>
  byId.get(resource)?.type === TAKEN_BY[action];

/** What a change of the resource may come to ask for. */
export const wishesOf = (resource: Resource): readonly Wish[] => {
  const from = resourceId(resource);
  const own: readonly Wish[] =
    resource.type === 'service' && resource.unit !== undefined
      ? [{ action: 'restart', resource: from, from }]
      : [];
  const others = (resource.notifies ?? []).map(({ action, resource: target }) => ({
    action,
    resource: target,
    from,
  }));
  return [...own, ...others];
};

/** Wishes for the end, in the order in which they were first made. */
export class Pending {
  private readonly wishes = new Map<string, Wish>();

  /** A restart is a reload, too. */
  add(wish: Wish): void {
    const { action, resource } = wish;
    if (action === 'reload' && this.wishes.has(`restart ${resource}`)) return;
    if (action === 'restart') this.wishes.delete(`reload ${resource}`);
    const key = `${action} ${resource}`;
    if (!this.wishes.has(key)) this.wishes.set(key, wish);
  }

  /** It was started, or acted upon: it has seen all that was changed before. A reload leaves a restart to be done. */
  served(resource: string, action: Wish['action'] = 'restart'): void {
    this.wishes.delete(`${action} ${resource}`);
    if (action === 'restart') this.wishes.delete(`reload ${resource}`);
  }

  /** All of them, which are then no longer pending. */
  take(): readonly Wish[] {
    const all = [...this.wishes.values()];
    this.wishes.clear();
    return all;
  }
}
