/** Commands over a server with a cluster `shop` in it, and a folder of their own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServerOptions } from '../../server/server.js';
import { ref } from '../fake/objects.js';
import { type CliRun, type CliSetting, cli } from './cli.js';
import { type TestServer, shop, testServer } from './server.js';

export interface CliScene extends TestServer {
  readonly run: (...words: readonly string[]) => Promise<CliRun>;
  readonly runWith: (setting: Partial<CliSetting>, ...words: readonly string[]) => Promise<CliRun>;
  readonly url: string;
  readonly folder: string;
}

/** A test in such a scene. */
export const cliScene =
  (body: (scene: CliScene) => Promise<void>, options: Partial<ServerOptions> = {}): (() => Promise<void>) =>
  async () => {
    const server = await testServer(options);
    const folder = mkdtempSync(join(tmpdir(), 'scalarium-cli-'));
    const { url } = server.running;
    const runWith: CliScene['runWith'] = (setting, ...words) => cli({ url, ...setting }, ...words);
    try {
      shop(server.objects);
      await body({ ...server, url, folder, runWith, run: (...words) => runWith({}, ...words) });
    } finally {
      rmSync(folder, { recursive: true, force: true });
      await server.running.close();
    }
  };

const AT = '2026-01-02T03:04:05Z';

/** Status of a host that is online, or (`stopped`) whose machine is stopped. */
export const hostStatus = (state: 'running' | 'stopped', machine = 'i-1'): object => ({
  requestedAt: AT,
  machine: {
    id: machine,
    batch: 'b',
    zone: 'a',
    instanceType: 'm5.large',
    imageId: 'ami',
    launchedAt: AT,
    state,
  },
  agent: { machine, connectedAt: AT, address: '127.0.0.9', version: '0.1.0' },
  setup: { machine, event: 'e', state: 'succeeded', at: AT },
});

export const host = (name: string) => ref('Instance', 'shop', name);
