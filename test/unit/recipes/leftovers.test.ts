/** What is left of applications that are none of the host's any more. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { resourceId, type Resource } from '../../../recipes/resource.js';
import { withLeftovers } from '../../../recipes/roles/leftovers.js';
import { check } from '../../../recipes/resources/checks.js';
import { sceneOf } from '../../../recipes/scene-of.js';
import { assert } from '../../suite.js';
import { optionsFor } from './options.js';
import { fakeServices } from './services.js';
import { apply, onStage, unit, type Stage } from './stage.js';

const test = onStage('leftovers');

const GONE = [
  '/etc/systemd/system/scalarium-app-old.service',
  '/etc/scalarium/applications/old.env',
  '/etc/scalarium/applications/old.start',
  '/etc/nginx/conf.d/scalarium-old.conf',
  '/etc/php/8.1/fpm/pool.d/scalarium-old.conf',
  '/var/lib/scalarium-tomcat/conf/Catalina/localhost/old.xml',
];
const KEPT = [
  '/etc/systemd/system/scalarium-agent.service',
  '/etc/systemd/system/scalarium-app-new.service',
  '/etc/scalarium/applications/new.env',
  '/etc/nginx/conf.d/mine.conf',
  '/etc/php/8.1/fpm/pool.d/www.conf',
];

const wanted: readonly Resource[] = [
  { type: 'service', name: 'scalarium-app-new', state: 'running', unit },
  { type: 'service', name: 'nginx', state: 'running' },
  { type: 'file', path: '/etc/scalarium/applications/new.env', content: '' },
];

const leftovers = (): readonly Resource[] => withLeftovers(wanted).filter(({ type }) => type === 'leftovers');

const put = async ({ root }: Stage, paths: readonly string[]): Promise<void> => {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), '');
  }
};

test('files go, and nothing else; a second run finds nothing to do', async (stage) => {
  await put(stage, [...GONE, ...KEPT]);
  const { failure, changed } = await apply(stage, leftovers());
  assert.is(failure, null);
  assert.is(changed.length, GONE.length);
  for (const path of GONE) assert.not.ok(existsSync(join(stage.root, path)), path);
  for (const path of KEPT) assert.ok(existsSync(join(stage.root, path)), path);
  assert.equal((await apply(stage, leftovers())).changed, []);
});

test('on a machine their services end; one that serves others is reloaded', async (stage) => {
  await put(stage, GONE);
  const on = { running: true, enabled: true };
  stage.services = fakeServices({ 'scalarium-app-old': on, nginx: on, 'php8.1-fpm': on });
  const options = optionsFor(stage.root);
  const scene = {
    ...sceneOf({ ...options, platform: { ...options.platform, services: stage.services } }, new Set()),
    folder: false,
  };
  for (const resource of leftovers()) await (await check(resource, scene))?.apply();
  assert.equal(stage.services.calls, [
    'stop scalarium-app-old',
    'disable scalarium-app-old',
    'readUnits',
    'reload nginx',
    'stop php8.1-fpm',
    'disable php8.1-fpm',
  ]);
});

test('services that are gone end before others start, and of a role that is refused nothing goes', () => {
  const ids = withLeftovers(wanted).map(resourceId);
  assert.ok(ids.indexOf('leftovers[applications]') < ids.indexOf('service[scalarium-app-new]'));
  assert.ok(ids.indexOf('leftovers[sites of nginx]') > ids.indexOf('service[nginx]'));
  const refused: readonly Resource[] = [...wanted, { type: 'refusal', name: 'app', why: 'no' }];
  assert.equal(withLeftovers(refused), refused);
});
