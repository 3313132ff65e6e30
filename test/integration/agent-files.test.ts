/** Agent files as the server gives them to hosts: without a credential, with what they hash to. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadAgent } from '../../agent/update/download.js';
import { openHome } from '../../agent/update/home.js';
import type { AgentRelease } from '../../api-types/agent-release.js';
import { millis, seconds } from '../../api-types/units.js';
import { systemClock } from '../../runtime/clock.js';
import { silentLog } from '../../runtime/log.js';
import { agentFilesDoor } from '../../server/agent-files/door.js';
import { openAgentFiles } from '../../server/agent-files/files.js';
import { PLATFORM, writeAgentFiles } from '../build/agent-files.js';
import { assert, suite } from '../suite.js';

interface Context {
  folder: string;
  server: Server;
  url: string;
}

const test = suite<Context>('agent files', {} as Context);

test.beforeEach(async (context) => {
  context.folder = mkdtempSync(join(tmpdir(), 'agent-files-'));
  const folders = { built: join(context.folder, 'built'), kept: join(context.folder, 'kept') };
  const with_ = { clock: systemClock, log: silentLog };
  const door = agentFilesDoor(openAgentFiles(folders, with_), with_);
  context.server = createServer((asked, response) => {
    if (!door(asked, response)) response.writeHead(418).end();
  });
  await new Promise<void>((resolve) => context.server.listen(0, '127.0.0.1', resolve));
  context.url = `http://127.0.0.1:${String((context.server.address() as AddressInfo).port)}`;
});

test.afterEach(({ server, folder }) => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const ask = (url: string, path: string, method = 'GET', headers = {}): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const asked = request(`${url}/agent/v1/files/${path}`, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ code: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) });
      });
    });
    asked.on('error', reject);
    asked.end();
  });

const messageOf = ({ body }: Answer): string => (JSON.parse(body.toString()) as { message: string }).message;

const built = ({ folder }: Context, agent = 'an agent'): AgentRelease =>
  writeAgentFiles(join(folder, 'built'), '1.2.3', agent);

test('when nothing was built, the answer says what builds it', async ({ url }) => {
  for (const path of ['index.json', 'scalarium-agent-linux-x64.gz', 'a'.repeat(64)]) {
    const answer = await ask(url, path);
    assert.is(answer.code, 404);
    assert.match(messageOf(answer), 'npm run build:agent');
  }
});

test('the index, and each file by its name and by what it hashes to', async (context) => {
  const sha256 = built(context).sha256[PLATFORM] ?? '';
  const index = JSON.parse((await ask(context.url, 'index.json')).body.toString()) as {
    readonly version: string;
    readonly files: Readonly<Record<string, { readonly sha256: string }>>;
  };
  assert.equal([index.version, index.files[PLATFORM]?.sha256], ['1.2.3', sha256]);
  for (const name of [sha256, `scalarium-agent-${PLATFORM}.gz`]) {
    const { code, headers, body } = await ask(context.url, name);
    assert.is(code, 200);
    assert.is(createHash('sha256').update(body).digest('hex'), sha256);
    assert.equal([headers['etag'], headers['x-scalarium-sha256']], [`"${sha256}"`, sha256]);
    assert.is(Number(headers['content-length']), body.length);
  }
});

test('who has it already is told so; HEAD sends no body; nothing else is taken', async (context) => {
  const sha256 = built(context).sha256[PLATFORM] ?? '';
  const { url } = context;
  assert.is((await ask(url, sha256, 'GET', { 'if-none-match': `"${sha256}"` })).code, 304);
  const head = await ask(url, sha256, 'HEAD');
  assert.equal([head.code, head.body.length], [200, 0]);
  assert.is((await ask(url, sha256, 'POST')).code, 405);
});

test('what is no agent file is not served, whatever its path', async (context) => {
  built(context);
  writeFileSync(join(context.folder, 'secret'), 'a secret');
  for (const path of ['../secret', '..%2Fsecret', 'built/index.json', 'secret', '%00'])
    assert.ok([404, 418].includes((await ask(context.url, path)).code), path);
  assert.match(messageOf(await ask(context.url, 'other.gz')), 'there is no agent file other.gz here');
});

const digestOf = ({ body }: Answer): string => createHash('sha256').update(body).digest('hex');

test('files of the last three builds are served, for machines whose user data names one', async (context) => {
  const digests: string[] = [];
  for (const agent of ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh']) {
    digests.push(built(context, `${agent} agent`).sha256[PLATFORM] ?? '');
    const answer = await ask(context.url, digests.at(-1) ?? '');
    assert.equal([answer.code, digestOf(answer)], [200, digests.at(-1)]);
    await systemClock.sleep(millis(20)); // which is the older one is told by times of files
  }
  const before = await ask(context.url, digests.at(-2) ?? '');
  assert.equal([before.code, digestOf(before)], [200, digests.at(-2)]);
  assert.is((await ask(context.url, digests[0] ?? '')).code, 404);
});

test('half a file is never served', async (context) => {
  const { folder, url } = context;
  const sha256 = built(context).sha256[PLATFORM] ?? '';
  assert.is((await ask(url, sha256)).code, 200);
  writeFileSync(join(folder, 'built', `scalarium-agent-${PLATFORM}.gz`), 'half');
  assert.is(digestOf(await ask(url, sha256)), sha256, 'what is kept is whole');
  rmSync(join(folder, 'kept'), { recursive: true });
  assert.is((await ask(url, sha256)).code, 404);
});

test('an agent takes what hashes to what was named, and refuses everything else', async (context) => {
  const sha256 = built(context, '#!/bin/sh\n').sha256[PLATFORM] ?? '';
  const route = { gateway: context.url, localAddress: null, authority: null, patience: seconds(10) };
  const { signal } = new AbortController();
  await downloadAgent(route, sha256, context.folder, signal);
  const wanted = 'f'.repeat(64);
  await downloadAgent(route, wanted, context.folder, signal).then(
    () => {
      assert.unreachable('it is not there');
    },
    (error: unknown) => {
      assert.match(String(error), `answered 404 for the agent ${wanted}`);
    },
  );
  const liar = createServer((_asked, response) => {
    response.end('something else');
  });
  await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve));
  const gateway = `http://127.0.0.1:${String((liar.address() as AddressInfo).port)}`;
  try {
    await downloadAgent({ ...route, gateway }, sha256, context.folder, signal);
    assert.unreachable('it is something else');
  } catch (error) {
    assert.match(String(error), `expected ${sha256}: refused`);
  } finally {
    liar.close();
  }
});

test('an agent that was not installed as a file of its own has no home, and never updates', async ({
  folder,
}) => {
  assert.is(await openHome(undefined), null);
  assert.is(await openHome(''), null);
  assert.is(await openHome(folder), null);
});
