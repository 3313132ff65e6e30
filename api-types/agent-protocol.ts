/**
 * What agent and gateway say to each other: JSON texts over one WebSocket at `/agent/v1/connect`
 * (`Authorization: Bearer <credential>`, `X-Scalarium-Machine: <machine id>`), plus plain requests:
 * `POST /agent/v1/enrol`, and with the same headers `GET /agent/v1/snapshots/<digest>`, `/agent/v1/secrets/<name>` and
 * `/agent/v1/packs/<digest>`, which may be answered with 307: the pack is to be had there, without the credential; with
 * `?direct` it comes from the gateway itself. A host that was told to fetch a source brings the pack piece by piece:
 * `PUT /agent/v1/packs/<digest>?bytes=<size of the whole>&at=<where the piece begins>`, answered with PieceAnswer.
 */
import * as t from 'io-ts';
import { AgentRelease } from './agent-release.js';
import { DeployOrder } from './deploy-order.js';
import { EventResult } from './kinds/lifecycle-event.js';
import { LIFECYCLE } from './lifecycle.js';
import { fields, oneOf } from './words.js';

export const AGENT_PATH = '/agent/v1';

/** What user data brings to the host as `/etc/scalarium/agent.json`. */
export const AgentConfig = fields(
  'AgentConfig',
  {
    installation: t.string,
    cluster: t.string,
    role: t.string,
    batch: t.string,
    /** Good for as many enrolments as the batch has slots, one a machine id. */
    token: t.string,
    /** Base URLs, tried in turn. */
    gateways: t.readonlyArray(t.string),
  },
  {
    /** PEM of the authority that gateways' certificates must be signed with; none: the system's authorities. */
    ca: t.string,
  },
);
export interface AgentConfig extends t.TypeOf<typeof AgentConfig> {}

export const EnrolRequest = fields(
  'EnrolRequest',
  { cluster: t.string, role: t.string, batch: t.string, token: t.string, machine: t.string },
  {},
);
export interface EnrolRequest extends t.TypeOf<typeof EnrolRequest> {}

/** 200. 202 with Retry-After (seconds): the machine is not bound to a slot yet. 403: refused, with a Status. */
export const EnrolAnswer = fields(
  'EnrolAnswer',
  { credential: t.string, instance: t.string, cluster: t.string },
  {},
);
export interface EnrolAnswer extends t.TypeOf<typeof EnrolAnswer> {}

/** 200 to `GET /agent/v1/secrets/<name>`: the values by their keys. 403: no role of the host has a need for it; 404: there is none. */
export const SecretAnswer = t.record(t.string, t.string, 'SecretAnswer');

/** Asks a gateway for a pack itself, not for where it is. */
export const DIRECT = 'direct';

/** The largest piece of a pack that a host brings. */
export const PIECE_BYTES = 1024 * 1024;

/** 201: all of it is there. 202: go on behind what was received; an empty piece asks whether it is there. 409: go on there. */
export const PieceAnswer = t.strict({ received: t.number }, 'PieceAnswer');

/** What agents of the first protocol cannot do; an order that needs it is sent only to one that says it can. */
export const ABILITIES = ['deploy', 'undeploy', 'recipes', 'dryRun', 'releases'] as const;
export type Ability = (typeof ABILITIES)[number];

/** The agent's first message on a connection. */
export const Hello = fields(
  'Hello',
  {
    type: t.literal('hello'),
    version: t.string,
    /**
     * The greatest event revision that is in the agent's journal; 0 for none. Events *of* that revision are sent again
     * (two may share one); the agent knows them by name.
     */
    cursor: t.number,
    /** The last session it was given; 0 for none. */
    lastSession: t.number,
    /** The digest of the snapshot it has, or empty. */
    snapshot: t.string,
  },
  {
    /** Where other hosts reach this one, when it is not the address it connects from. */
    address: t.string,
    /** RFC 3339: since when this agent runs, by its host's clock; another one at each start. */
    startedAt: t.string,
    /** Abilities it has, and later ones; none: an agent of the first protocol. */
    can: t.readonlyArray(t.string),
    /** The build of an agent that was installed as a file of its own: it can be told to update. */
    build: t.string,
    /** The last build that did not come up on this host, which went back to the one before. */
    gaveUp: t.string,
  },
);
export interface Hello extends t.TypeOf<typeof Hello> {}

/** A heartbeat. `sequence` starts at 1 in each session. */
export const Report = fields(
  'Report',
  {
    type: t.literal('report'),
    sequence: t.number,
    load1: t.number,
    memoryUsedBytes: t.number,
    memoryTotalBytes: t.number,
    diskUsedBytes: t.number,
    diskTotalBytes: t.number,
  },
  {
    /** The event being carried out. */
    running: t.string,
  },
);
export interface Report extends t.TypeOf<typeof Report> {}

/** Every event up to this revision is in the agent's journal on disk. */
export const Acknowledge = t.strict({ type: t.literal('ack'), revision: t.number }, 'Acknowledge');

/** Sent until `recorded` comes back, also over later connections. */
export const ResultMessage = t.strict({ type: t.literal('result'), result: EventResult }, 'ResultMessage');

/** Lines of the host's log, in answer to `logs`; `end`: nothing more will come. Sent only when asked for. */
export const LogLines = fields(
  'LogLines',
  {
    type: t.literal('log'),
    request: t.string,
    lines: t.readonlyArray(t.string),
    end: t.boolean,
  },
  {
    /** For people: why there is nothing to show. */
    problem: t.string,
  },
);
export interface LogLines extends t.TypeOf<typeof LogLines> {}

export const AgentMessage = t.union([Hello, Report, Acknowledge, ResultMessage, LogLines], 'AgentMessage');
export type AgentMessage = t.TypeOf<typeof AgentMessage>;

export const Welcome = fields(
  'Welcome',
  {
    type: t.literal('welcome'),
    session: t.number,
    heartbeatSeconds: t.number,
    instance: t.string,
    /** Base URLs of all gateways that are alive, this one first. */
    gateways: t.readonlyArray(t.string),
  },
  {},
);
export interface Welcome extends t.TypeOf<typeof Welcome> {}

export const EventOrder = fields(
  'EventOrder',
  {
    type: t.literal('event'),
    /** Store revision of the event: the order in which a host carries events out. */
    revision: t.number,
    name: t.string,
    event: oneOf(LIFECYCLE),
    snapshot: t.strict({ version: t.number, digest: t.string }),
  },
  {
    diff: t.strict({ base: t.string, patch: t.UnknownRecord }),
    timeoutSeconds: t.number,
    /** Only these recipes, nothing that is built in. */
    recipes: t.readonlyArray(t.string),
    /** Nothing is touched. */
    dryRun: t.boolean,
    /** The uid of the Run that wants it: no other event stands for this one. */
    run: t.string,
    /** What is to be done with one application, and nothing else. */
    deployment: DeployOrder,
  },
);
export interface EventOrder extends t.TypeOf<typeof EventOrder> {}

/** The result of this event is in the store: the agent may forget it. */
export const Recorded = t.strict({ type: t.literal('recorded'), event: t.string }, 'Recorded');

/** A gateway came since the welcome: the list as it is now. */
export const Gateways = t.strict(
  { type: t.literal('gateways'), gateways: t.readonlyArray(t.string) },
  'Gateways',
);

/** The newest lines of the host's log are wanted. An agent that does not know the message ignores it. */
export const LogsRequest = fields(
  'LogsRequest',
  {
    type: t.literal('logs'),
    /** Comes back with each answer. */
    request: t.string,
    tail: t.number,
    /** And the lines that are written from then on. */
    follow: t.boolean,
  },
  {
    /** Lines of this event only. */
    event: t.string,
  },
);
export interface LogsRequest extends t.TypeOf<typeof LogsRequest> {}

/** The release that the agent is to bring itself to, when nothing runs. Sent to a few hosts at a time. */
export const AgentUpdate = t.strict({ type: t.literal('update'), release: AgentRelease }, 'AgentUpdate');

/** Nobody reads the answer to this request any more. */
export const LogsEnd = t.strict({ type: t.literal('logsEnd'), request: t.string }, 'LogsEnd');
export type LogsEnd = t.TypeOf<typeof LogsEnd>;

export const GatewayMessage = t.union(
  [Welcome, EventOrder, Recorded, Gateways, LogsRequest, LogsEnd, AgentUpdate],
  'GatewayMessage',
);
export type GatewayMessage = t.TypeOf<typeof GatewayMessage>;

/** What one gateway heard and another has not: sent each second over `/agent/v1/peer`, from dialler to dialled. */
export const PeerDelta = fields(
  'PeerDelta',
  {
    type: t.literal('delta'),
    entries: t.readonlyArray(
      fields(
        'PeerEntry',
        {
          machine: t.string,
          session: t.number,
          sequence: t.number,
          connected: t.boolean,
          gateway: t.string,
          /** Since the report was heard, when this was sent. */
          ageMs: t.number,
          load1: t.number,
          memoryUsedBytes: t.number,
          memoryTotalBytes: t.number,
          diskUsedBytes: t.number,
          diskTotalBytes: t.number,
        },
        {},
      ),
    ),
  },
  {},
);
export interface PeerDelta extends t.TypeOf<typeof PeerDelta> {}

/** Header that names the machine (agents) or the gateway (peers) that asks. */
export const MACHINE_HEADER = 'x-scalarium-machine';
export const GATEWAY_HEADER = 'x-scalarium-gateway';

/** WebSocket close codes of ours. */
export const CLOSE = {
  /** The machine is not (or no longer) bound to a slot: stop, do not come back. */
  released: 4001,
  /** The same machine connected again elsewhere. */
  replaced: 4002,
  /** A message that is not of this protocol. */
  protocol: 4003,
  /** The gateway is going: connect to another one. */
  leaving: 4004,
} as const;
