/** `GET /agent/v1/files/…`: the agent's files for everybody who asks; it is public code. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { AGENT_FILES_PATH } from '../../api-types/agent-release.js';
import { failureStatus, type Status } from '../../api-types/status.js';
import type { Clock } from '../../runtime/clock.js';
import type { Log } from '../../runtime/log.js';
import type { RequestHook } from '../hooks.js';
import { Sending } from '../sending.js';
import type { AgentFile, AgentFiles } from './files.js';

const SHA256_HEADER = 'x-scalarium-sha256';

const answer = (response: ServerResponse, status: Status, headers = {}): void => {
  const body = JSON.stringify(status);
  response.writeHead(status.code, {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  });
  response.end(body);
};

const missing = (files: AgentFiles, name: string): Status =>
  failureStatus(
    404,
    'NotFound',
    files.index() === null
      ? 'no agent was built here: `npm run build:agent` on the control plane makes the files that hosts fetch'
      : `there is no agent file ${name} here; index.json names those that there are`,
  );

const headersOf = ({ sha256, bytes }: AgentFile): Record<string, string> => ({
  'content-type': 'application/gzip',
  'content-length': String(bytes),
  etag: `"${sha256}"`,
  [SHA256_HEADER]: sha256,
  'cache-control': 'public, max-age=300',
});

export interface DoorDependencies {
  readonly clock: Clock;
  readonly log: Log;
}

class FilesDoor {
  private readonly sending: Sending;

  constructor(
    private readonly files: AgentFiles,
    private readonly with_: DoorDependencies,
  ) {
    this.sending = new Sending(with_.clock);
  }

  answer(request: IncomingMessage, response: ServerResponse, name: string): void {
    if (request.method !== 'GET' && request.method !== 'HEAD')
      answer(response, failureStatus(405, 'MethodNotAllowed', 'agent files are only read'), { allow: 'GET' });
    else if (name === 'index.json') this.index(response);
    else this.file(request, response, name);
  }

  private index(response: ServerResponse): void {
    const index = this.files.index();
    if (index === null) answer(response, missing(this.files, 'index.json'));
    else {
      const body = JSON.stringify(index);
      response.writeHead(200, {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      });
      response.end(body);
    }
  }

  private file(request: IncomingMessage, response: ServerResponse, name: string): void {
    const file = this.files.find(name);
    if (file === null) answer(response, missing(this.files, name));
    else if (request.headers['if-none-match'] === `"${file.sha256}"`)
      response.writeHead(304, { etag: `"${file.sha256}"` }).end();
    else if (request.method === 'HEAD') response.writeHead(200, headersOf(file)).end();
    else if (!this.sending.hasRoom(response))
      answer(
        response,
        failureStatus(503, 'ServiceUnavailable', 'many hosts fetch the agent now; try again'),
        {
          'retry-after': '5',
        },
      );
    else void this.send(response, file);
  }

  private async send(response: ServerResponse, file: AgentFile): Promise<void> {
    response.writeHead(200, headersOf(file));
    const why = await this.sending.send({ bytes: file.bytes, stream: () => file.open() }, response);
    if (why !== null) this.with_.log.info('an agent file was not sent to its end', { why });
  }
}

/** Takes what is below `/agent/v1/files/`. */
export const agentFilesDoor = (files: AgentFiles, dependencies: DoorDependencies): RequestHook => {
  const door = new FilesDoor(files, dependencies);
  return (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!path.startsWith(`${AGENT_FILES_PATH}/`)) return false;
    door.answer(request, response, path.slice(AGENT_FILES_PATH.length + 1));
    return true;
  };
};
