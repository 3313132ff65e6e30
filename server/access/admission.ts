/** The second look at a write: at the object as it was and as it would be. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { LOCK } from '../../api-types/kinds/deployment.js';
import type { DeploymentStrategy } from '../../api-types/deployment-strategy.js';
import type { SentManifest } from '../../api-types/manifest.js';
import { kindEntry } from '../../api-types/kinds.js';
import type { Status } from '../../api-types/status.js';
import { forbidden } from '../statuses.js';
import type { Admitted, Decision } from './access.js';
import type { Content, Look } from './concerns.js';
import { type Facts, mayDo } from './rights.js';

/** What people may change of their own User; the rest says what they may do, and is for admins. */
const OWN_FIELDS = ['displayName', 'email', 'sshKeys'];

const contentOf = ({ kind, metadata, spec }: SentManifest): Content => ({
  ref: { kind, cluster: metadata.namespace ?? null, name: metadata.name },
  spec,
  status: {},
  specGeneration: 1,
  owner: metadata.ownerReferences?.[0] ?? null,
});

const without = (spec: unknown): object => {
  const rest: [string, unknown][] = Object.entries(spec ?? {});
  return Object.fromEntries(rest.filter(([field]) => !OWN_FIELDS.includes(field)));
};

const fieldsOf = (facts: Facts, { before, after }: Admitted): Decision | null => {
  if (facts.admin || before?.ref.kind !== 'User' || after === null) return null;
  const same =
    isDeepStrictEqual(without(before.spec), without(after.spec)) &&
    isDeepStrictEqual(before.labels, after.metadata.labels ?? {});
  if (same) return null;
  return { allowed: false, reason: `of one's own User only ${OWN_FIELDS.join(', ')} may be changed` };
};

const unlocked = (annotations: Readonly<Record<string, string>>): object =>
  Object.fromEntries(Object.entries(annotations).filter(([name]) => name !== LOCK));

/** An Application is locked or unlocked, and nothing else of it is changed. */
const isLock = ({ before, after }: Admitted): boolean =>
  before !== null &&
  after !== null &&
  before.deletion === null &&
  before.frozen === null &&
  isDeepStrictEqual(
    [before.spec, before.labels, unlocked(before.annotations)],
    [
      kindEntry(after.kind).defaults(after.spec),
      after.metadata.labels ?? {},
      unlocked(after.metadata.annotations ?? {}),
    ],
  );

/** What the table of rights calls it. */
const rightOf = (change: Admitted): string => {
  const verb = verbOf(change);
  return verb === 'update' && change.before?.ref.kind === 'Application' && !isLock(change) ? 'edit' : verb;
};

const verbOf = ({ before, after }: Admitted): string =>
  before === null ? 'create' : after === null ? 'delete' : 'update';

const METRIC = 'spec.strategy.canary.metric';

interface Strategic {
  readonly application?: string;
  readonly strategy?: DeploymentStrategy;
}

const metricIn = (spec: unknown): unknown => (spec as Strategic | undefined)?.strategy?.canary?.metric;

const applicationOf = ({ metadata, spec }: SentManifest, look: Look): Content => {
  const { application: name = '' } = spec as Strategic;
  const ref = { kind: 'Application', cluster: metadata.namespace ?? null, name } as const;
  return look(ref) ?? { ref, spec: {}, status: {}, specGeneration: 1 };
};

/** A Deployment with a metric of its own has the control plane ask an address: as much is for who may edit its Application. */
const metricOf = (facts: Facts, { before, after }: Admitted, look: Look): Decision | null => {
  if (after?.kind !== 'Deployment') return null;
  const metric = metricIn(after.spec);
  if (metric === undefined || isDeepStrictEqual(metric, metricIn(before?.spec))) return null;
  const { allowed, reason } = mayDo(facts, 'edit', applicationOf(after, look), look);
  return { allowed, reason: `${METRIC} is an address that the control plane asks: ${reason}` };
};

const decisionsOn = (facts: Facts, change: Admitted, look: Look): readonly Decision[] => {
  const verb = rightOf(change);
  const sides = [change.before, change.after === null ? null : contentOf(change.after)];
  const others = [fieldsOf(facts, change), metricOf(facts, change, look)];
  return [
    ...sides.flatMap((side) => (side === null ? [] : [mayDo(facts, verb, side, look)])),
    ...others.filter((decision) => decision !== null),
  ];
};

const nameOf = ({ before, after }: Admitted): string => {
  const kind = before?.ref.kind ?? after?.kind;
  const name = before?.ref.name ?? after?.metadata.name ?? '';
  return `${kind === undefined ? '' : kindEntry(kind).plural} "${name}"`;
};

/** Null: fine; else 403 with what would be needed. */
export const admits = (facts: Facts, change: Admitted, look: Look): Status | null => {
  const refused = decisionsOn(facts, change, look).find(({ allowed }) => !allowed);
  if (refused === undefined) return null;
  return forbidden(facts.user, `${verbOf(change)} ${nameOf(change)}`, refused.reason);
};
