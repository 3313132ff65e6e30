/** Restarts of applications: whose turn it is, and until when a run waits for what it restarted. */
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { ServiceResource } from '../../../recipes/resource.js';
import { freePort } from '../../build/free-port.js';
import { untilTrue } from '../../build/gateways.js';
import { assert } from '../../suite.js';
import { apply, file, onStage, reload, restart, says, settled, web, type Stage } from './stage.js';

const test = onStage('restarts in turn');

const HOURS = 100_000;

for (const [name, how] of [
  ['restart', restart],
  ['reload', reload],
] as const)
  test(`${name}: the instance's own number says when, whatever the kernel calls the host`, async (stage) => {
    await settled(stage);
    const slow: ServiceResource = { ...web, spreadSeconds: HOURS };
    assert.is((await apply(stage, [file('1', how), slow], { instance: 'app-1' })).failure, null);
    assert.equal(stage.services.calls, [`${name} web`]);
    const end = new AbortController();
    const run = apply(stage, [file('2', how), slow], { instance: 'app-5', signal: end.signal });
    await untilTrue(
      'it waits for its turn',
      () => readFileSync(join(stage.root, 'etc/web.conf'), 'utf8') === '2',
    );
    end.abort();
    await run;
    assert.equal(stage.services.calls, [`${name} web`]);
  });

const opened = (at: number | string): Promise<Server> =>
  new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    const then = (): void => {
      resolve(server);
    };
    if (typeof at === 'number') server.listen(at, '127.0.0.1', then);
    else server.listen(at, then);
  });

/** Restarts it, and then says `done`; its code is there. */
const answering = async (stage: Stage, at: number | string, seconds = 60) => {
  await settled(stage);
  await mkdir(join(stage.root, 'srv'), { recursive: true });
  await writeFile(join(stage.root, 'srv/code'), '');
  const service: ServiceResource = { ...web, answers: { at, once: ['/srv/none', '/srv/code'], seconds } };
  const done = says('done', { only: 'notified' });
  const changes = file('new', restart, { action: 'run', resource: 'execute[done]' });
  return apply(stage, [changes, service, done]);
};

test('the run goes on when the port answers', async (stage) => {
  const port = await freePort();
  let ended = false;
  const run = answering(stage, port).finally(() => (ended = true));
  await untilTrue('it was restarted', () => stage.services.calls.includes('restart web'));
  assert.is(ended, false);
  const server = await opened(port);
  assert.equal(await run, { changed: ['file[/etc/web.conf]', 'execute[done]'], failure: null });
  server.close();
});

test('a socket of the host will do', async (stage) => {
  const server = await opened(join(stage.root, 'web.sock'));
  assert.equal(await answering(stage, '/web.sock'), {
    changed: ['file[/etc/web.conf]', 'execute[done]'],
    failure: null,
  });
  server.close();
});

test('one that never answers is noted, and the run goes on', async (stage) => {
  const port = await freePort();
  assert.equal(await answering(stage, port, 0.1), {
    changed: ['file[/etc/web.conf]', 'execute[done]'],
    failure: null,
    notes: [`web was restarted and does not answer at ${String(port)} within 0.1 s; the run goes on`],
  });
});

test('without its code nobody waits for it', async (stage) => {
  await settled(stage);
  const service: ServiceResource = {
    ...web,
    answers: { at: await freePort(), once: ['/srv/code'], seconds: HOURS },
  };
  assert.equal(await apply(stage, [file('new', restart), service]), {
    changed: ['file[/etc/web.conf]'],
    failure: null,
  });
});
