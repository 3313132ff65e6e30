// The application that tests deploy: it tells which revision it is, on which host, and does as its code says.
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { hostname } = require('node:os');
const { join } = require('node:path');

// `current` leads elsewhere later on: what this process is was decided when it began
const code = process.cwd();
const text = (name) => (existsSync(join(code, name)) ? readFileSync(join(code, name), 'utf8').trim() : '');
const { HOST, PORT, GREETING = '' } = process.env;
const about = {
  revision: text('revision'),
  built: text('built'),
  greeting: GREETING,
  instance: HOST || hostname(),
  pid: process.pid,
};
const isWell = text('unwell') === '';
let ending = false;

const shared = (name) => join(code, 'data', name.replace(/\W/g, ''));

const routes = {
  '/health': (_, response) => {
    response.statusCode = isWell ? 200 : 503;
    return { well: isWell };
  },
  '/slow': async (query) => {
    await new Promise((resolve) => setTimeout(resolve, Number(query.get('ms'))));
    return about;
  },
  '/write': (query) => {
    mkdirSync(join(code, 'data'), { recursive: true });
    writeFileSync(shared(query.get('name')), query.get('value'));
    return about;
  },
  '/read': (query) => ({ value: readFileSync(shared(query.get('name')), 'utf8') }),
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://shop');
  if (ending) response.setHeader('connection', 'close');
  try {
    const answer = await (routes[url.pathname] ?? (() => about))(url.searchParams, response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
  } catch (error) {
    response.statusCode = 500;
    response.end(JSON.stringify({ error: error.message }));
  }
});

server.listen(Number(PORT), HOST || undefined);

// what is asked is answered; nothing new is taken
process.on('SIGTERM', () => {
  ending = true;
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
