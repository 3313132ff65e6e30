/** A release that is bad: what it tells nobody, what is done about its folder, and how it is looked at. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DeployOptions } from '../../../../recipes/deploy/subject.js';
import { assert } from '../../../suite.js';
import { APP, answer, deployed, onHost, order, pack, release, stagesOf } from './scene.js';

const test = onHost('a release is bad');

const NEVER_WELL = { health: { path: '/sick', timeoutSeconds: 1 } };

const TOKEN = { environment: { TOKEN: { secret: 'shop', key: 'token' } } };
const SECRETS: Pick<DeployOptions, 'secrets'> = { secrets: () => Promise.resolve({ token: 'hush-hush' }) };
const TELLS = `require('node:http').createServer((_request, response) => {
  response.writeHead(500).end('x'.repeat(295) + 'hush-hush');
}).listen(Number(process.env.PORT), '127.0.0.1');`;

test('a secret that its answers, its processes or recipes of people tell is in no line and no message', async (stage) => {
  await pack(stage, 'pack-1');
  await order(stage, 'activate', { release: release(1, TOKEN) }, SECRETS);
  await pack(stage, 'pack-2', { 'server.js': TELLS });
  const sick = release(2, { ...TOKEN, health: { path: '/', timeoutSeconds: 1 } });
  await order(stage, 'prepare', { release: sick }, SECRETS);
  const answered = await order(stage, 'activate', { release: sick }, SECRETS);
  assert.match(answered.failure ?? '', /500 x{295}\*/);
  await pack(stage, 'pack-3');
  const recipes: DeployOptions['recipes'] = (_snapshot, log) => {
    log.info('output', { line: 'it is hush-hush' });
    return Promise.resolve({ changed: [], failure: 'no hush-hush', notes: ['hush-hush'] });
  };
  const failed = await order(stage, 'activate', { release: release(3, TOKEN) }, { ...SECRETS, recipes });
  assert.is(failed.stage, 'recipes');
  const restarted = await order(stage, 'restart', {}, { ...SECRETS, recipes });
  assert.is(restarted.failure, 'no ******');
  assert.not.match(JSON.stringify([stage.said, answered, failed, restarted]), /hush/);
});

test('what it said last as it died is masked, also on the way back', async (stage) => {
  await pack(stage, 'pack-1');
  await order(stage, 'activate', { release: release(1, TOKEN) }, SECRETS);
  await pack(stage, 'pack-2');
  const state = stage.services.state.bind(stage.services);
  stage.services.start = () => Promise.resolve();
  stage.services.restart = () => Promise.resolve();
  stage.services.state = async (name) => ({
    ...(await state(name)),
    running: false,
    result: 'it said last:\nno hush-hush',
  });
  const died = await order(stage, 'activate', { release: release(2) }, SECRETS);
  assert.match(died.failure ?? '', /it said last:\nno \*{6}[^]*goes back to release 1, and: [^]*no \*{6}/);
  assert.not.match(JSON.stringify([stage.said, died]), /hush/);
});

test('one whose secret cannot be had is not begun', async (stage) => {
  await deployed(stage, 1);
  await pack(stage, 'pack-2');
  const { failure } = await order(stage, 'activate', { release: release(2, TOKEN) });
  assert.match(failure ?? '', /the secret shop cannot be had/);
  assert.equal(stagesOf(stage).slice(11), []);
  assert.is((await order(stage, 'stop')).failure, null);
});

const folderOf = ({ root }: { readonly root: string }, number: number): string =>
  join(root, 'srv/www', APP, 'releases', String(number));

test('a release on the disk that is damaged is unpacked anew by the next attempt', async (stage) => {
  const health = { health: { timeoutSeconds: 1 } };
  await deployed(stage, 1, health);
  await deployed(stage, 2);
  await rm(join(folderOf(stage, 1), 'server.js'));
  assert.ok((await deployed(stage, 1, health)).failure);
  assert.is((await deployed(stage, 1, health)).failure, null);
  assert.is(await answer(stage), 'pack-1');
});

test('the folder of the release in force is brought again before anything is switched', async (stage) => {
  await deployed(stage, 1);
  await rm(folderOf(stage, 1), { recursive: true });
  const { failure } = await deployed(stage, 2, NEVER_WELL);
  assert.match(failure ?? '', /gone back to release 1, which is well/);
  assert.is(await answer(stage), 'pack-1');
});

test('a command that looks whether it is well says what it said last, and floods no log', async (stage) => {
  const { failure } = await deployed(stage, 1, { health: { command: 'seq 1 9; false', timeoutSeconds: 1 } });
  assert.match(failure ?? '', /exit code 1; last output:\n1\n[^]*9/);
  assert.is(stage.said.filter(({ message }) => message === 'output').length, 0);
});

test('what no role of the host runs any more can be taken away', async (stage) => {
  await deployed(stage, 1);
  const { failure } = await order(stage, 'undeploy', {}, { part: () => null });
  assert.is(failure, null);
  assert.not.ok(existsSync(folderOf(stage, 1)));
});
