/** A small application to deploy: says hello, which release it is, and on which host. */
import { createServer } from 'node:http';
import { hostname } from 'node:os';
import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const { HOST, PORT = '8080', GREETING = 'Hello' } = process.env;

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.end('ok\n');
    return;
  }
  response.setHeader('content-type', 'text/plain; charset=utf-8');
  response.end(`${GREETING} from version ${version} on ${HOST ?? hostname()}\n`);
});

server.listen(Number(PORT), HOST);

// what is being answered is answered; nothing new is taken
process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
