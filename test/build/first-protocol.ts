/** An agent of the first protocol at the wire: it does not say what it can, and does nothing that it hears. */
import WebSocket from 'ws';
import { AGENT_PATH, type AgentConfig, type EnrolAnswer } from '../../api-types/agent-protocol.js';

export interface FirstProtocolAgent {
  /** The names of events that it was sent. */
  readonly heard: readonly string[];
  stop(): void;
}

const credentialOf = async (config: AgentConfig, machine: string): Promise<string> => {
  const { cluster, role, batch, token } = config;
  const body = JSON.stringify({ cluster, role, batch, token, machine });
  const answer = await fetch(`${config.gateways[0] ?? ''}${AGENT_PATH}/enrol`, { method: 'POST', body });
  return ((await answer.json()) as EnrolAnswer).credential;
};

/** Resolves once it was welcomed. */
export const firstProtocolAgent = async (
  config: AgentConfig,
  machine: string,
): Promise<FirstProtocolAgent> => {
  const credential = await credentialOf(config, machine);
  const url = `${config.gateways[0]?.replace('http', 'ws') ?? ''}${AGENT_PATH}/connect`;
  const headers = { authorization: `Bearer ${credential}`, 'x-scalarium-machine': machine };
  const socket = new WebSocket(url, { headers });
  const heard: string[] = [];
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => {
      const hello = { type: 'hello', version: '0.0.1', cursor: 0, lastSession: 0, snapshot: '' };
      socket.send(JSON.stringify(hello));
    });
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString()) as { type: string; name?: string };
      if (message.type === 'welcome') resolve();
      if (message.type === 'event') heard.push(message.name ?? '');
    });
  });
  return {
    heard,
    stop: () => {
      socket.terminate();
    },
  };
};
