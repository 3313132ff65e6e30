/** Secrets: makes those that built-in recipes need and nobody has made, with values by chance. Key: the cluster. */
import * as E from 'fp-ts/lib/Either.js';
import type { TaskEither } from 'fp-ts/lib/TaskEither.js';
import { defer, from, merge, mergeMap, type Observable } from 'rxjs';
import type { SecretNeed } from '../../api-types/secret-needs.js';
import { hex, type Chance } from '../../runtime/chance.js';
import { settled, type Controller, type Outcome } from '../../runtime/controller.js';
import type { Failure } from '../../runtime/failure.js';
import type { Log } from '../../runtime/log.js';
import { sealTexts, type Sealer, type Texts } from '../../runtime/sealing.js';
import { specKey } from '../../store/keys.js';
import type { Change, Live, Objects, Ref, Write } from '../../store/objects/objects.js';
import type { Ownership } from '../../store/ownership.js';
import { GENERATED, planSecrets, type SecretStep } from './plan.js';

/** By role: what its built-in recipes need. */
export type Needs = (
  cluster: Live<'Cluster'>,
  roles: readonly Live<'Role'>[],
) => ReadonlyMap<string, readonly SecretNeed[]>;

export interface SecretsDependencies {
  readonly objects: Objects;
  readonly ownership: Ownership;
  readonly needs: Needs;
  readonly sealer: Sealer;
  readonly chance: Chance;
  readonly log: Log;
}

/** 128 bits, in characters that no program has to quote. */
const VALUE_BYTES = 16;

const WAKING: readonly string[] = ['Cluster', 'Role', 'Secret'];

const clusterOf = ({ ref }: Change): readonly string[] => {
  if (!WAKING.includes(ref.kind)) return [];
  return [ref.kind === 'Cluster' ? ref.name : (ref.cluster ?? '')];
};

class Secrets implements Controller {
  readonly name = 'secrets';
  readonly wake$: Observable<string>;

  constructor(private readonly on: SecretsDependencies) {
    const { objects, ownership } = on;
    this.wake$ = merge(
      defer(() => from(objects.list('Cluster').map(({ ref }) => ref.name))),
      objects.changes$.pipe(mergeMap((changes) => new Set(changes.flatMap(clusterOf)))),
      ownership.changes$,
    );
  }

  reconcile(name: string): TaskEither<Failure, Outcome> {
    return async () => {
      const { objects, ownership, log } = this.on;
      const fence = ownership.of(name);
      const cluster = objects.get({ kind: 'Cluster', cluster: null, name });
      if (fence === null || cluster === null || cluster.deletion !== null || cluster.specGeneration === 0)
        return E.right(settled);
      const roles = objects.list('Role', name).filter(({ deletion }) => deletion === null);
      const needs = [...this.on.needs(cluster, roles).values()].flat();
      const steps = planSecrets(needs, objects.list('Secret', name));
      if (steps.length === 0) return E.right(settled);
      const written = await objects.write(
        fence,
        steps.map((step) => this.writeOf(name, step)),
      )();
      if (E.isLeft(written)) return written;
      for (const step of steps) log.info('secret generated', { cluster: name, ...told(step) });
      return E.right(settled);
    };
  }

  private writeOf(cluster: string, step: SecretStep): Write {
    if (step.action === 'create') {
      const ref: Ref = { kind: 'Secret', cluster, name: step.name };
      const document = {
        annotations: { [GENERATED]: 'true' },
        spec: { sealed: this.sealed(ref, step.keys) },
      };
      return { write: 'create', ref, document };
    }
    const { ref, labels, annotations, spec, specRevision } = step.secret;
    const sealed = { ...spec.sealed, ...this.sealed(ref, step.keys) };
    return {
      write: 'replace',
      ref,
      document: { labels, annotations, spec: { ...spec, sealed } },
      unchangedSince: specRevision,
    };
  }

  private sealed(ref: Ref, keys: readonly string[]): Texts {
    const texts = Object.fromEntries(keys.map((key) => [key, hex(this.on.chance, VALUE_BYTES)]));
    return sealTexts(this.on.sealer, specKey(ref), texts, {});
  }
}

const told = (step: SecretStep): Readonly<Record<string, unknown>> => ({
  secret: step.action === 'create' ? step.name : step.secret.ref.name,
  keys: step.keys,
});

/** The controller that makes Secrets. */
export const secretsController = (dependencies: SecretsDependencies): Controller => new Secrets(dependencies);
