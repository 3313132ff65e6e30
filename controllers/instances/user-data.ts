/** User data: the cloud-config that brings the agent's configuration to a new machine, and the agent to a bare one. */
import { stringify } from 'yaml';
import type { AgentConfig } from '../../api-types/agent-protocol.js';
import type { SpecOf } from '../../api-types/kinds.js';
import type { AgentRelease } from '../../api-types/agent-release.js';
import { startScript } from './start-script.js';

const AGENT_CONFIG = '/etc/scalarium/agent.json';
const START = '/etc/scalarium/start';
const UNIT = '/etc/scalarium/scalarium-agent.service';

/** Some clouds take no more of it: beyond that gateways are left out. */
const MOST_BYTES = 4096;

type Provider = SpecOf<'Cloud'>['provider'];

const TAKES: Partial<Readonly<Record<Provider, number>>> = { aws: 16_384, local: 16_384 };

/** Bytes of user data that the clouds of this provider are known to take. */
export const mostUserData = (provider: Provider): number => TAKES[provider] ?? MOST_BYTES;

/**
 * It configures the host, so little can be taken from it. `process`: what recipes left running on purpose outlives it; what
 * still runs for an event it ends itself. 100: released for good.
 */
const UNIT_TEXT = `[Unit]
Description=Scalarium agent
Wants=network-online.target
After=network-online.target cloud-init.service cloud-init-network.service
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh ${START}
Restart=always
RestartSec=2
RestartPreventExitStatus=100
SuccessExitStatus=100
KillMode=process
TimeoutStopSec=30
LimitNOFILE=65536
OOMScoreAdjust=-500
RestrictRealtime=yes
ProtectKernelLogs=yes
[Install]
WantedBy=multi-user.target
`;

/** An image that has the agent's service already keeps it. */
const INSTALL = `systemctl cat scalarium-agent >/dev/null 2>&1 || systemctl enable ${UNIT}`;
const BEGIN = 'systemctl start --no-block scalarium-agent';

const configFile = (config: AgentConfig) => ({
  path: AGENT_CONFIG,
  permissions: '0600',
  content: `${JSON.stringify(config)}\n`,
});

const installing = (release: AgentRelease) => [
  { path: START, permissions: '0755', content: startScript(release) },
  { path: UNIT, content: UNIT_TEXT },
];

const installed = (config: AgentConfig, release: AgentRelease): string =>
  `#cloud-config\n${stringify(
    { write_files: [configFile(config), ...installing(release)], runcmd: [INSTALL, BEGIN] },
    { lineWidth: 0, indent: 1, indentSeq: false },
  )}`;

/** The first gateways that there is room for: whichever answers names the others. */
const fitting = (config: AgentConfig, release: AgentRelease): string => {
  const text = installed(config, release);
  const { gateways } = config;
  return Buffer.byteLength(text) < MOST_BYTES || gateways.length < 2
    ? text
    : fitting({ ...config, gateways: gateways.slice(0, -1) }, release);
};

/**
 * The same text for the same configuration and release: it is part of what a client token stands for. No release: the
 * image has the agent, or whoever boots the machine brings it.
 */
export const userData = (config: AgentConfig, release: AgentRelease | null): string =>
  release === null
    ? `#cloud-config\n${stringify({ write_files: [configFile(config)] })}`
    : fitting(config, release);
