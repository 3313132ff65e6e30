/** User data: the cloud-config that brings the agent's configuration to a new machine. */
import { stringify } from 'yaml';
import type { AgentConfig } from '../../api-types/agent-protocol.js';

const AGENT_CONFIG = '/etc/scalarium/agent.json';

/** The same text for the same configuration: it is part of what a client token stands for. */
export const userData = (config: AgentConfig): string =>
  `#cloud-config\n${stringify({
    write_files: [{ path: AGENT_CONFIG, permissions: '0600', content: `${JSON.stringify(config)}\n` }],
  })}`;
