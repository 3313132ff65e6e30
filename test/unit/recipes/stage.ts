/** A folder that stands for a host, with services that are imagined, for tests of runs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { applyResources, type Applied, type ApplyOptions } from '../../../recipes/apply.js';
import type {
  ExecuteResource,
  FileResource,
  Notification,
  Resource,
  ServiceResource,
} from '../../../recipes/resource.js';
import { suite, type Suite } from '../../suite.js';
import { optionsFor } from './options.js';
import { fakeServices, type FakeServices } from './services.js';

export interface Stage {
  root: string;
  services: FakeServices;
}

/** A suite whose tests have a fresh folder each; the service `web` runs, `db` does not. */
export const onStage = (name: string): Suite<Stage> => {
  const test = suite<Stage>(name, { root: '', services: fakeServices({}) });
  test.beforeEach(async (stage) => {
    stage.root = await mkdtemp(join(tmpdir(), 'scalarium-run-'));
    stage.services = fakeServices({ web: { running: true }, db: { running: false } });
  });
  test.afterEach(async ({ root }) => {
    await rm(root, { recursive: true, force: true });
  });
  return test;
};

export const apply = (
  { root, services }: Stage,
  resources: readonly Resource[],
  more: Partial<ApplyOptions> = {},
): Promise<Applied> => {
  const options = optionsFor(root, more);
  return applyResources(resources, { ...options, platform: { ...options.platform, services } });
};

export const text = (root: string, path: string): Promise<string> => readFile(join(root, path), 'utf8');

export const says = (word: string, more: Partial<ExecuteResource> = {}): ExecuteResource => ({
  type: 'execute',
  name: word,
  command: ['sh', '-c', `echo ${word} >> said`],
  ...more,
});

export const file = (content: string, ...notifies: readonly Notification[]): FileResource => ({
  type: 'file',
  path: '/etc/web.conf',
  content,
  notifies,
});

export const unit = '[Service]\nExecStart=/bin/true\n';
export const web: ServiceResource = { type: 'service', name: 'web', state: 'running', unit };
export const db: ServiceResource = { type: 'service', name: 'db', state: 'running', unit };

export const restart: Notification = { action: 'restart', resource: 'service[web]' };
export const reload: Notification = { action: 'reload', resource: 'service[web]' };

export const settled = async (stage: Stage): Promise<void> => {
  await apply(stage, [web, db]);
  stage.services.calls.length = 0;
};
