/** A local installation: control plane, local cloud and host driver, started in order and ended in the other. */
import { join } from 'node:path';
import type { CloudSpec } from '../../api-types/kinds/cloud.js';
import { seconds } from '../../api-types/units.js';
import type { Cloud } from '../../cloud/cloud.js';
import { openEc2Cloud } from '../../cloud/ec2/ec2.js';
import type { KeyPairOfCaller } from '../../local-cloud/credentials.js';
import { readEndpoint } from '../../local-cloud/endpoint-file.js';
import type { CloudCredentials } from '../../controllers/clouds/credentials.js';
import { startControlPlane, type ControlPlane } from '../../controllers/main.js';
import type { Chance } from '../../runtime/chance.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import { writePrivateSync } from '../../runtime/private-file.js';
import { adminToken } from '../../runtime/tokens.js';
import { openAuditLog } from '../../server/audit/log.js';
import { orThrow } from '../../runtime/failure.js';
import { ensureAdmin } from '../../server/access/first-admin.js';
import { VERSION } from '../../runtime/version.js';
import type { Store } from '../../store/store.js';
import { openArtifacts } from './artifact-options.js';
import { keepRunning, waitFor, type Child } from './children.js';
import { readAwsKeys } from './credentials.js';
import { identityOf, installationKey } from './data-directory.js';
import { lockDirectory } from '../../runtime/directory-lock.js';
import { ensureKubeconfig, noteAuthority } from './kubeconfig.js';
import { portFor } from './last-port.js';
import type { UpOptions } from './options.js';
import { endPart, noteEnded, noteRunning } from './run-records.js';

export interface Surroundings {
  readonly clock: Clock;
  readonly chance: Chance;
  readonly log: Log;
  /** One line for the person in front of the screen. */
  readonly tell: (line: string) => void;
}

export interface Installation {
  readonly plane: ControlPlane;
  /** The EC2 endpoint hosts are launched at. */
  readonly endpoint: string;
  readonly token: string;
  /** Ends everything this started, in order. */
  close(): Promise<void>;
}

const START_WITHIN = seconds(20);
const END_WITHIN = seconds(15);

/** What is ended, last started first. */
class Closing {
  private readonly steps: (() => Promise<unknown>)[] = [];

  add(step: () => Promise<unknown>): void {
    this.steps.push(step);
  }

  async run(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) await step();
  }
}

/** Of this run: a file that an earlier one left names another process. */
const readEndpointOf = (data: string, child: Child) => async (): Promise<string | null> => {
  const endpoint = await readEndpoint(join(data, 'aws'));
  return endpoint?.pid === child.pid() ? endpoint.url : null;
};

const startLocalCloud = async (data: string, around: Surroundings, closing: Closing): Promise<string> => {
  const child = keepRunning(
    { part: 'local-cloud', args: ['local-cloud', 'start', '--data', data], env: {} },
    { data, ...around },
  );
  closing.add(() => child.end(END_WITHIN));
  const what = `the start of the local cloud (its log is ${join(data, 'run', 'local-cloud.log')})`;
  return waitFor(what, readEndpointOf(data, child), { within: START_WITHIN, clock: around.clock });
};

const startHosts = (
  options: UpOptions,
  endpoint: string,
  { around, closing }: { readonly around: Surroundings; readonly closing: Closing },
): void => {
  if (options.hosts === 'none') return;
  const { data } = options;
  const args = [
    'hosts',
    '--cloud',
    options.cloud === 'local' ? 'local' : endpoint,
    '--hosts',
    options.hosts,
    '--data',
    data,
    ...(options.hosts === 'namespace' ? ['--hosts-base', options.hostsBase] : []),
  ];
  const child = keepRunning({ part: 'hosts', args, env: {} }, { data, ...around });
  closing.add(() => child.end(END_WITHIN));
};

/** The keys for an endpoint whose Cloud names no Secret; null: what the AWS SDK finds by itself. */
const keysFor = (options: UpOptions, spec: CloudSpec): KeyPairOfCaller | null => {
  if (options.credentials !== null) return readAwsKeys(options.credentials, 'default');
  return spec.provider === 'local' ? readAwsKeys(join(options.data, 'aws', 'credentials'), 'default') : null;
};

const opener =
  (options: UpOptions, around: Surroundings) =>
  (name: string, spec: CloudSpec, credentials: CloudCredentials | null): Cloud =>
    openEc2Cloud({
      endpoint: spec.endpoints?.ec2 ?? null,
      region: spec.region ?? 'us-east-1',
      provider: spec.provider,
      credentials: credentials ?? keysFor(options, spec),
      quotas: spec.quotas ?? {},
      ...around,
      log: around.log.with({ cloud: name }),
    });

const openStore = async ({ store }: UpOptions, around: Surroundings): Promise<Store> => {
  if (store.kind === 'file') {
    const { openEmbeddedStore } = await import('../../store/embedded/embedded.js');
    return openEmbeddedStore({ directory: store.directory, ...around });
  }
  const { openEtcdStore } = await import('../../store/etcd/etcd.js');
  return openEtcdStore({ endpoints: store.endpoints, ...around });
};

/** What an earlier, killed `up` left: its state is on disk, its hosts are adopted by the next driver. */
const endLeftovers = async (data: string, clock: Clock): Promise<void> => {
  for (const part of ['hosts', 'local-cloud'] as const)
    await endPart(data, part, { signal: 'SIGKILL', within: END_WITHIN, clock });
};

const openAll = async (options: UpOptions, around: Surroundings, closing: Closing): Promise<Installation> => {
  const { data } = options;
  const { clock, chance } = around;
  const key = installationKey(data, options.installationKey, chance);
  await endLeftovers(data, clock);
  noteRunning(data, 'up', process.pid);
  closing.add(() => {
    noteEnded(data, 'up');
    return Promise.resolve();
  });
  const [store, endpoint] = await Promise.all([
    openStore(options, around),
    options.cloud === 'local' ? startLocalCloud(data, around, closing) : options.cloud,
  ]);
  closing.add(() => store.close());
  startHosts(options, endpoint, { around, closing });
  const audit = openAuditLog({ directory: join(data, 'audit'), ...around });
  closing.add(() => audit.close());
  const plane = await startControlPlane({
    store,
    audit,
    installationKey: key,
    host: options.listen,
    port: await portFor(options, around.tell),
    advertise: options.advertise,
    tls: options.tls ? { folder: join(data, 'tls'), given: options.given } : null,
    ...(options.oidc === null ? {} : { oidc: options.oidc }),
    openCloud: opener(options, around),
    heartbeat: seconds(options.heartbeatSeconds),
    sweepEvery: seconds(10),
    ownerLease: seconds(10),
    identity: identityOf(data, chance),
    packs: join(data, 'packs'),
    artifacts: openArtifacts(options.artifacts, {
      clock,
      hold: (release) => {
        closing.add(release);
      },
    }),
    localSources: options.localSources,
    version: VERSION,
    agentFiles: { built: options.agentFiles, kept: join(data, 'agent-files') },
    ...around,
  });
  closing.add(() => plane.close());
  const token = adminToken(key);
  writePrivateSync(join(data, 'token'), `${token}\n`);
  writePrivateSync(join(data, 'endpoint.json'), `${JSON.stringify({ url: plane.url, pid: process.pid })}\n`);
  noteAuthority(data, plane.authority);
  await ensureKubeconfig(data, plane, () => orThrow(ensureAdmin({ objects: plane.objects, clock, chance })));
  return { plane, endpoint, token, close: () => closing.run() };
};

/** Starts the parts of a local installation; rejects with one line for a person, having ended what had started. */
export const startInstallation = async (options: UpOptions, around: Surroundings): Promise<Installation> => {
  const closing = new Closing();
  const lock = await lockDirectory(options.data, { purpose: 'up', clock: around.clock });
  closing.add(() => lock.release());
  try {
    return await openAll(options, around, closing);
  } catch (error) {
    await closing.run();
    throw error;
  }
};
