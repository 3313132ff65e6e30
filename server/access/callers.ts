/** Callers: who somebody is once their credential was found good, and what is known of them at any later moment. */
import type { Clock } from '../../runtime/clock.js';
import type { Objects, Ref } from '../../store/objects/objects.js';
import type { Places } from '../gateway/places.js';
import type { Caller } from './access.js';
import type { Facts } from './rights.js';
import type { Roster } from './roster.js';

export interface CallersOver {
  readonly objects: Objects;
  readonly roster: Roster;
  readonly places: Places;
  readonly clock: Clock;
}

interface Known {
  readonly version: number;
  readonly facts: Facts;
}

const INSTALLATION = { user: 'system:installation', groups: ['system:admins'] } as const;

/** Who a token or an ID token says they are. */
export interface Named {
  readonly user: string;
  /** Beside those of their User. */
  readonly groups: readonly string[];
  readonly proof: Caller['proof'];
  /** The credential itself still holds. */
  readonly holds: () => boolean;
}

/** Who the caller of each request is, and what the grants of that moment give them. */
export class Callers {
  private readonly known = new WeakMap<Caller, Known>();

  constructor(private readonly over: CallersOver) {}

  readonly look = (ref: Ref) => this.over.objects.get(ref);

  installation(): Caller {
    return { ...INSTALLATION, proof: { by: 'installation' }, valid: () => true };
  }

  agent(machine: string): Caller | null {
    const place = this.over.places.get(machine);
    if (place === null) return null;
    const user = `system:agent:${place.cluster}:${place.instance}`;
    const valid = (): boolean => this.over.places.get(machine)?.uid === place.uid;
    return { user, groups: ['system:agents'], proof: { by: 'agent', machine }, valid };
  }

  /** Valid as long as the credential holds and what they may do stays as it is: long answers begin anew then. */
  person({ user, groups, proof, holds }: Named): Caller {
    const all = [...new Set([...(this.over.roster.user(user)?.spec.groups ?? []), ...groups])];
    let seen = this.over.roster.version;
    const valid = (): boolean => {
      if (!holds()) return false;
      if (seen === this.over.roster.version) return true;
      if (this.standing(user, groups) !== first) return false;
      seen = this.over.roster.version;
      return true;
    };
    const first = this.standing(user, groups);
    return { user, groups: all, proof, valid };
  }

  /** What is known of the caller now. */
  facts(caller: Caller): Facts {
    const version = this.over.roster.version;
    const known = this.known.get(caller);
    // an agent's place changes without the roster
    if (known !== undefined && known.version === version && caller.proof.by !== 'agent') return known.facts;
    const facts = this.factsOf(caller);
    this.known.set(caller, { version, facts });
    return facts;
  }

  private factsOf({ user, groups, proof }: Caller): Facts {
    const { roster, places } = this.over;
    if (proof.by === 'installation') return { user, groups, admin: true, agent: null, grants: new Map() };
    if (proof.by !== 'agent') {
      const admin = roster.user(user)?.spec.admin === true;
      return { user, groups, admin, agent: null, grants: roster.grants(user, groups) };
    }
    const place = places.get(proof.machine);
    const nowhere = { cluster: '', instance: '', role: '' };
    return { user, groups, admin: false, agent: place ?? nowhere, grants: new Map() };
  }

  private standing(user: string, more: readonly string[]): string {
    const { roster } = this.over;
    const spec = roster.user(user)?.spec;
    const groups = [...new Set([...(spec?.groups ?? []), ...more])];
    const grants = [...roster.grants(user, groups).entries()].sort(([left], [right]) =>
      left < right ? -1 : 1,
    );
    return JSON.stringify([spec?.admin === true, groups, grants]);
  }
}
