// The application of the scene: writes to the master, reads from a replica, keeps something in the cache.
const { createServer } = require('node:http');
const { execFile } = require('node:child_process');
const { connect } = require('node:net');
const { hostname } = require('node:os');

const {
  DATABASE_MASTER = '',
  DATABASE_REPLICAS = '',
  DATABASE_NAME,
  DATABASE_USER,
  DATABASE_PASSWORD,
} = process.env;
const { MEMCACHED_SERVERS = '', PORT } = process.env;
const first = (list) => list.split(',')[0].split(':');

const sql = (address, statement) => {
  const [host, port] = first(address);
  const where = [`--host=${host}`, `--port=${port}`, '--protocol=tcp', `--user=${DATABASE_USER}`];
  const args = [...where, '--batch', '--skip-column-names', DATABASE_NAME, '-e', statement];
  const env = { ...process.env, MYSQL_PWD: DATABASE_PASSWORD };
  return new Promise((resolve, reject) => {
    execFile('mariadb', args, { env, timeout: 20_000 }, (error, stdout, stderr) =>
      error === null ? resolve(stdout.trim()) : reject(new Error(stderr || error.message)),
    );
  });
};

const cached = (value) =>
  new Promise((resolve, reject) => {
    const [host, port] = first(MEMCACHED_SERVERS);
    const socket = connect(Number(port), host, () => {
      socket.write(`set monster 0 60 ${value.length}\r\n${value}\r\nget monster\r\n`);
    });
    let said = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      said += chunk;
      if (!said.includes('END')) return;
      resolve(said.split('\r\n')[2]);
      socket.destroy();
    });
  });

const TABLE = 'CREATE TABLE IF NOT EXISTS monsters (name VARCHAR(40) PRIMARY KEY)';

const answers = {
  '/': () => hostname(),
  '/write': (name) => sql(DATABASE_MASTER, `${TABLE}; REPLACE INTO monsters VALUES ('${name}')`),
  '/read': (name) => sql(DATABASE_REPLICAS, `SELECT name FROM monsters WHERE name = '${name}'`),
  '/cache': (name) => cached(name),
};

createServer((request, response) => {
  const url = new URL(request.url, 'http://game');
  const answer = answers[url.pathname] ?? (() => 'nothing');
  Promise.resolve(url.searchParams.get('name'))
    .then(answer)
    .then((text) => response.end(`${text}\n`))
    .catch((error) => {
      response.statusCode = 500;
      response.end(`${error.message}\n`);
    });
}).listen(Number(PORT));
