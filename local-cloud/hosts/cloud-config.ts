/** User data as a real machine's cloud-init would read it, as far as the agent's own file goes. */
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { AgentConfig } from '../../api-types/agent-protocol.js';

/** Where the file goes, below the host's root. */
export const AGENT_CONFIG_PATH = '/etc/scalarium/agent.json';

export const writeAgentConfig = (root: string, config: AgentConfig): void => {
  const file = join(root, AGENT_CONFIG_PATH);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(AgentConfig.encode(config)), { mode: 0o600 });
};

const CloudConfig = t.type(
  { write_files: t.array(t.intersection([t.type({ path: t.string }), t.partial({ content: t.string })])) },
  'CloudConfig',
);

const yamlOf = (text: string): unknown => {
  try {
    return parse(text) as unknown;
  } catch {
    return null;
  }
};

/** The agent's configuration in this user data; null when it bears none, and the machine is nobody's host. */
export const agentConfigIn = (userData: string): AgentConfig | null => {
  if (!userData.startsWith('#cloud-config')) return null;
  const config = CloudConfig.decode(yamlOf(userData));
  if (E.isLeft(config)) return null;
  const file = config.right.write_files.find(({ path }) => path === AGENT_CONFIG_PATH);
  const agent = AgentConfig.decode(yamlOf(file?.content ?? ''));
  return E.isRight(agent) ? agent.right : null;
};
