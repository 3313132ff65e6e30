/** A write on its way: what all verbs have in common. */
import type { SentManifest } from '../../api-types/manifest.js';
import type { Ownership } from '../../api-types/managed-fields.js';
import { kindEntry } from '../../api-types/kinds.js';
import type { ApiObject } from '../../api-types/metadata.js';
import type { Status } from '../../api-types/status.js';
import type { Live, Ref, SpecDocument } from '../../store/objects/objects.js';
import type { Caller } from '../access/access.js';
import type { Context } from '../context.js';
import type { ResourceRoute } from '../routes.js';
import { type About, conflicted } from '../statuses.js';
import type { WriteOptions } from './options.js';

/** Who writes what, where and how. */
export interface Writing {
  readonly context: Context;
  readonly route: ResourceRoute;
  readonly caller: Caller;
  readonly options: WriteOptions;
}

/** What must hold of the object that is there. */
export interface Preconditions {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** Not even the status may have changed since. */
  readonly exact?: boolean;
}

/** What a write makes of an object, once it is admitted. */
export interface Wanted {
  readonly manifest: SentManifest;
  readonly document: SpecDocument;
  readonly owners: readonly Ownership[];
  readonly warnings: readonly string[];
}

/** The object as answers name it. */
export const aboutOf = (ref: Ref): About => ({ plural: kindEntry(ref.kind).plural, name: ref.name });

/** Nothing of the object changed since. */
const unchanged = (live: Live, since: number): boolean => since === live.resourceVersion;

/** Nothing that people write changed since: a status that moved on is no reason to refuse an edit of the spec. */
const unedited = (live: Live, since: number): boolean =>
  live.specRevision <= since && since <= live.resourceVersion;

/** Why the object that is there is not the one that was meant; null: it is. */
export const violated = (
  live: Live,
  { uid, resourceVersion, exact = false }: Preconditions,
): Status | null => {
  const holds = exact ? unchanged : unedited;
  if (uid !== undefined && uid !== live.uid)
    return conflicted(aboutOf(live.ref), `expected uid ${uid}, got ${live.uid}`);
  if (resourceVersion !== undefined && !holds(live, Number(resourceVersion)))
    return conflicted(
      aboutOf(live.ref),
      `it was changed since resourceVersion ${resourceVersion} (now ${String(live.resourceVersion)}); the object has been modified: read it again and apply your change to that`,
    );
  return null;
};

/** The object for the audit log. */
export const audited = ({ apiVersion, kind, metadata, spec }: ApiObject): unknown => {
  const said = Object.entries(metadata).filter(([key]) => key !== 'managedFields');
  return { apiVersion, kind, metadata: Object.fromEntries(said), spec };
};
