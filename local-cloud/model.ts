/** What the local cloud remembers, as it is on disk. */
import * as t from 'io-ts';
import { MACHINE_STATES, type MachineState } from '../api-types/kinds/instance.js';

const Tags = t.readonly(t.record(t.string, t.string));
export type ResourceTags = t.TypeOf<typeof Tags>;

const State = t.keyof(
  Object.fromEntries(MACHINE_STATES.map((state) => [state, null])) as Record<MachineState, null>,
);

const StateReason = t.readonly(t.strict({ code: t.string, message: t.string }));
export type StateReason = t.TypeOf<typeof StateReason>;

/** What happens to a machine by itself, and when (milliseconds since 1970); `gone`: it is no longer listed. */
const Transition = t.readonly(t.strict({ to: t.union([State, t.literal('gone')]), at: t.number }));
export type Transition = t.TypeOf<typeof Transition>;

export const MachineRecord = t.readonly(
  t.strict({
    id: t.string,
    /** Grows with every launch: the order of listings and pages. */
    ordinal: t.number,
    reservation: t.string,
    launchIndex: t.number,
    imageId: t.string,
    instanceType: t.string,
    zone: t.string,
    subnetId: t.string,
    privateAddress: t.string,
    launchedAt: t.number,
    state: State,
    /** When it last turned running; 0 when it never did. */
    runningAt: t.number,
    transition: t.union([Transition, t.null]),
    stateReason: t.union([StateReason, t.null]),
    tags: Tags,
    /** Counts RebootInstances, so that a driver can tell one from none. */
    reboots: t.number,
  }),
  'MachineRecord',
);
export type MachineRecord = t.TypeOf<typeof MachineRecord>;

/** What the machines of one RunInstances call share. */
export const Reservation = t.readonly(
  t.strict({
    id: t.string,
    clientToken: t.union([t.string, t.null]),
    /** Base64, as it was sent. */
    userData: t.union([t.string, t.null]),
    keyName: t.union([t.string, t.null]),
    groups: t.readonlyArray(t.string),
  }),
  'Reservation',
);
export type Reservation = t.TypeOf<typeof Reservation>;

/** A client token and what it launched; its key says the scope too (zone or region). */
const LaunchToken = t.readonly(
  t.strict({ reservation: t.string, parameters: t.string, at: t.number }),
  'LaunchToken',
);

export const KeyPair = t.readonly(
  t.strict({
    id: t.string,
    name: t.string,
    fingerprint: t.string,
    type: t.string,
    createdAt: t.number,
    tags: Tags,
  }),
  'KeyPair',
);
export type KeyPair = t.TypeOf<typeof KeyPair>;

export const IngressRule = t.readonly(
  t.strict({ protocol: t.string, from: t.number, to: t.number, cidr: t.string, description: t.string }),
);
export type IngressRule = t.TypeOf<typeof IngressRule>;

export const SecurityGroup = t.readonly(
  t.strict({
    id: t.string,
    name: t.string,
    description: t.string,
    ingress: t.readonlyArray(IngressRule),
    tags: Tags,
  }),
  'SecurityGroup',
);
export type SecurityGroup = t.TypeOf<typeof SecurityGroup>;

/** The tables of the state, each with the codec of its rows. */
export const TABLES = {
  machines: MachineRecord,
  reservations: Reservation,
  tokens: LaunchToken,
  keyPairs: KeyPair,
  groups: SecurityGroup,
  /** Of VPC, subnets and images, by id. */
  fixedTags: Tags,
} as const;
export type Table = keyof typeof TABLES;
export type Row<T extends Table> = t.TypeOf<(typeof TABLES)[T]>;

/** One change of the state: a row put, or deleted (null). */
export type Change = { readonly [T in Table]: readonly [T, string, Row<T> | null] }[Table];
