/** Which machine fills which slot, as the records say: an index over Instances, kept up as they change. */
import type { LaunchBatch } from '../../api-types/kinds/role.js';
import type { Change, Live, Objects } from '../../store/objects/objects.js';

export interface Place {
  readonly cluster: string;
  readonly instance: string;
  readonly machine: string;
  /** Of the slot: part of what the machine's credential is made of. */
  readonly uid: string;
  readonly role: string;
  /** Further ones. */
  readonly roles: readonly string[];
  /** The batch of the slot's own machine; null for a doomed one, which cannot enrol any more. */
  readonly batch: string | null;
  /** The first words of this machine's agent were recorded. */
  readonly spoken: boolean;
}

type Instance = Live<'Instance'>;

const machinesOf = ({ status }: Instance): readonly string[] => [
  ...(status.doomed ?? []).map(({ machine }) => machine),
  ...(status.machine ? [status.machine.id] : []),
];

const placeOf = (live: Instance, machine: string): Place => ({
  cluster: live.ref.cluster ?? '',
  instance: live.ref.name,
  machine,
  uid: live.uid,
  role: live.spec.role,
  roles: live.spec.roles ?? [],
  batch: live.status.machine?.id === machine ? live.status.machine.batch : null,
  spoken: live.status.agent?.machine === machine,
});

const asInstance = (live: Live | null): Instance | null =>
  live?.ref.kind === 'Instance' ? (live as Instance) : null;

export class Places {
  private readonly byMachine = new Map<string, Place>();

  constructor(private readonly objects: Objects) {
    for (const live of objects.list('Instance')) this.add(live);
  }

  get(machine: string): Place | null {
    return this.byMachine.get(machine) ?? null;
  }

  /** For refusing reports: some record names this machine. */
  readonly knows = (machine: string): boolean => this.byMachine.has(machine);

  /** Takes a change in; gives the machines that no record names any more. */
  take({ before, after }: Change): readonly string[] {
    const [old, now] = [asInstance(before), asInstance(after)];
    const stay = new Set(now === null ? [] : machinesOf(now));
    const released = old === null ? [] : machinesOf(old).filter((machine) => !stay.has(machine));
    const mine = released.filter((machine) => this.byMachine.get(machine)?.uid === old?.uid);
    for (const machine of mine) this.byMachine.delete(machine);
    if (now !== null) this.add(now);
    return mine;
  }

  batch(cluster: string, role: string, id: string): LaunchBatch | null {
    const live = this.objects.get({ kind: 'Role', cluster, name: role });
    return live?.status.batches?.find((batch) => batch.id === id) ?? null;
  }

  private add(live: Instance): void {
    for (const machine of machinesOf(live)) this.byMachine.set(machine, placeOf(live, machine));
  }
}
