/** Packs on their way: fetched from their source once a Deployment, so many at once, and cut off when nobody wants them. */
import { Subject } from 'rxjs';
import type { ApplicationSource } from '../../api-types/application-source.js';
import { messageOf } from '../../api-types/thrown.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { Sealer } from '../../runtime/sealing.js';
import type { Shelf } from '../../runtime/shelf.js';
import { Slots } from '../../runtime/slots.js';
import { fetchPacked } from '../../sources/packed.js';
import type { Live, Objects } from '../../store/objects/objects.js';
import { sourceTexts } from '../source-texts.js';
import type { StepOf } from './actions.js';
import type { Fetched } from './view.js';

/** Each may need 2 GiB of the disk for a while. */
const AT_ONCE = 16;

export interface FetchDependencies {
  readonly objects: Objects;
  readonly sealer: Sealer;
  /** Where packs of applications are. */
  readonly artifacts: Shelf;
  readonly clock: Clock;
  readonly log: Log;
  readonly localSources: boolean;
  /** The control plane ends. */
  readonly stopped: AbortSignal;
  /** How sources are fetched; from where they are, unless told. */
  readonly fetchPacked?: typeof fetchPacked;
}

/** A pack of before, as it has to be again. */
export interface Pinned {
  readonly revision: string;
  readonly digest: string;
}

interface Wanted {
  readonly live: Live<'Application'>;
  readonly source: ApplicationSource;
  readonly revision: string | undefined;
  readonly pinned: Pinned | null;
  readonly signal: AbortSignal;
}

/** Puts the pack on the shelf, where it is not yet; throws, for people. */
export const bringPack = async (on: FetchDependencies, wanted: Wanted): Promise<Pinned> => {
  const { live, source, revision, pinned, signal } = wanted;
  if (pinned !== null && (await on.artifacts.has(pinned.digest))) return pinned;
  const { cluster, name } = live.ref;
  const about = `application ${name}`;
  const texts = sourceTexts(on, { cluster: cluster ?? '', secret: source.secret, about });
  const pack = await (on.fetchPacked ?? fetchPacked)(
    { shelf: on.artifacts, clock: on.clock, stopped: signal, localSources: on.localSources },
    {
      source,
      texts,
      about,
      pinned: pinned?.revision ?? null,
      ...(revision === undefined ? {} : { revision }),
    },
  );
  if (pinned !== null && pack.digest !== pinned.digest)
    throw new Error(
      `${about}: the pack of revision ${pinned.revision} is gone, and its source gives another one for it now`,
    );
  return pack;
};

interface Running {
  readonly key: string;
  readonly cut: AbortController;
  outcome: Fetched;
}

export class Fetches {
  private readonly running = new Map<string, Running>();
  private readonly slots = new Slots(AT_ONCE);
  private readonly done = new Subject<string>();
  /** Keys of the controller for which something is there now. */
  readonly done$ = this.done.asObservable();

  constructor(private readonly on: FetchDependencies) {}

  of(uid: string): Fetched | undefined {
    return this.running.get(uid)?.outcome;
  }

  /** Does nothing where it is under way, or there, already. */
  begin(key: string, { uid, live, revision, pinned }: StepOf<'fetch'>): void {
    if (this.running.has(uid)) return;
    const running: Running = { key, cut: new AbortController(), outcome: { _tag: 'Fetching' } };
    this.running.set(uid, running);
    const signal = AbortSignal.any([this.on.stopped, running.cut.signal]);
    const { source } = live.spec;
    void this.slots
      .within(signal, () => bringPack(this.on, { live, source, revision, pinned, signal }))
      .then(
        (pack): Fetched | null => (pack === null ? null : { _tag: 'Packed', ...pack, spec: live.spec }),
        (error: unknown): Fetched => ({ _tag: 'Failed', problem: messageOf(error) }),
      )
      .then((outcome) => {
        this.end(uid, running, signal.aborted ? null : outcome);
      });
  }

  drop(uid: string): void {
    this.running.get(uid)?.cut.abort();
    this.running.delete(uid);
  }

  /** The cluster, or the application, is not ours any more. */
  dropAll(key: string): void {
    for (const [uid, running] of this.running) if (running.key === key) this.drop(uid);
  }

  /** Of what was cut off there is no outcome: it says nothing of the source. */
  private end(uid: string, running: Running, outcome: Fetched | null): void {
    if (this.running.get(uid) !== running) return;
    if (outcome === null) this.running.delete(uid);
    else {
      running.outcome = outcome;
      this.done.next(running.key);
    }
  }
}
