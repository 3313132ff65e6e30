/** `GET /agent/v1/files/…`: the agent's files for everybody who asks; it is public code. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { AGENT_FILES_PATH } from '../../api-types/agent-release.js';
import { failureStatus, type Status } from '../../api-types/status.js';
import { seconds } from '../../api-types/units.js';
import type { Log } from '../../runtime/log.js';
import type { RequestHook } from '../hooks.js';
import type { AgentFile, AgentFiles } from './files.js';

/** Sent at once: anybody may ask, and each takes a file handle and a buffer. */
const MOST_AT_ONCE = 200;
/** Without a byte taken: whoever it is does not want it. */
const PATIENCE = seconds(60);

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

class FilesDoor {
  private sending = 0;

  constructor(
    private readonly files: AgentFiles,
    private readonly log: Log,
  ) {}

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
    else if (this.sending >= MOST_AT_ONCE)
      answer(
        response,
        failureStatus(503, 'ServiceUnavailable', 'many hosts fetch the agent now; try again'),
        {
          'retry-after': '5',
        },
      );
    else this.send(response, file);
  }

  private send(response: ServerResponse, file: AgentFile): void {
    this.sending += 1;
    response.writeHead(200, headersOf(file));
    response.setTimeout(PATIENCE, () => response.destroy());
    pipeline(file.open(), response, (error) => {
      this.sending -= 1;
      if (error) this.log.info('an agent file was not sent to its end', { why: error.message });
    });
  }
}

/** Takes what is below `/agent/v1/files/`. */
export const agentFilesDoor = (files: AgentFiles, log: Log): RequestHook => {
  const door = new FilesDoor(files, log);
  return (request, response) => {
    const path = (request.url ?? '').split('?')[0] ?? '';
    if (!path.startsWith(`${AGENT_FILES_PATH}/`)) return false;
    door.answer(request, response, path.slice(AGENT_FILES_PATH.length + 1));
    return true;
  };
};
