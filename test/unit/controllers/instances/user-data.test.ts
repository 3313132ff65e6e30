import { parse } from 'yaml';
import type { AgentConfig } from '../../../../api-types/agent-protocol.js';
import type { AgentRelease } from '../../../../api-types/agent-release.js';
import { userData } from '../../../../controllers/instances/user-data.js';
import { agentConfigIn } from '../../../../local-cloud/hosts/cloud-config.js';
import { testAuthority } from '../../../build/tls.js';
import { assert, suite } from '../../../suite.js';

const test = suite('user data');

const RELEASE: AgentRelease = {
  version: '10.20.30',
  sha256: { 'linux-x64': 'a'.repeat(64), 'linux-arm64': 'b'.repeat(64) },
};

const config = (more: Partial<AgentConfig> = {}): AgentConfig => ({
  installation: '2f0e7a52-3f0a-4a3e-9a43-0d1f7a4e6a11',
  cluster: 'monster-world',
  role: 'load-balancer',
  batch: 'c'.repeat(32),
  token: 'd'.repeat(64),
  gateways: ['https://10.20.30.40:7420', 'https://10.20.30.41:7420'],
  ...more,
});

interface CloudConfig {
  readonly write_files: readonly { path: string; permissions?: string; content: string }[];
  readonly runcmd?: readonly string[];
}

const longest = (count: number): readonly string[] =>
  Array.from(
    { length: count },
    (_, index) => `https://ip-10-20-30-${String(100 + index)}.ap-southeast-2.compute.internal:7420`,
  );

test('with authority, unit, script and eight gateways it is below 4 KiB', async () => {
  const { cert: ca } = await testAuthority();
  const gateways = Array.from({ length: 8 }, (_, index) => `https://10.200.130.14${String(index)}:7420`);
  const text = userData(config({ ca, gateways }), RELEASE);
  assert.ok(Buffer.byteLength(text) < 4096, String(Buffer.byteLength(text)));
  assert.equal(agentConfigIn(text), config({ ca, gateways }));
});

test('gateways that there is no room for are left out, the last ones first', async () => {
  const { cert: ca } = await testAuthority();
  const text = userData(config({ ca, gateways: longest(8) }), RELEASE);
  assert.ok(Buffer.byteLength(text) < 4096, String(Buffer.byteLength(text)));
  const kept = agentConfigIn(text)?.gateways ?? [];
  assert.ok(kept.length >= 2);
  assert.equal(kept, longest(8).slice(0, kept.length));
});

test('what a bare image gets: the configuration for root alone, script, unit, and how they begin', () => {
  const text = userData(config(), RELEASE);
  const { write_files, runcmd = [] } = parse(text) as CloudConfig;
  const [agent, start, unit] = write_files;
  assert.ok(agent && start && unit);
  assert.is(agent.path, '/etc/scalarium/agent.json');
  assert.is(agent.permissions, '0600');
  assert.match(start.content, /^#!\/bin\/sh\n/);
  assert.match(start.content, `x86_64) b=10.20.30-linux-x64-${'a'.repeat(12)} s=${'a'.repeat(64)};;`);
  assert.match(start.content, `aarch64) b=10.20.30-linux-arm64-${'b'.repeat(12)} s=${'b'.repeat(64)};;`);
  assert.match(unit.content, `ExecStart=/bin/sh ${start.path}\nRestart=always`);
  assert.match(unit.content, '\nKillMode=process\n', 'what a recipe leaves running outlives the agent');
  assert.match(runcmd[0] ?? '', 'systemctl cat scalarium-agent >/dev/null 2>&1 || systemctl enable');
});

test('an architecture that was not built has no case', () => {
  const text = userData(config(), { version: '1', sha256: { 'linux-x64': 'a'.repeat(64) } });
  assert.not.match(text, 'aarch64)');
});

test('without a release it brings the configuration and nothing else', () => {
  const { write_files, runcmd } = parse(userData(config(), null)) as CloudConfig;
  assert.equal(
    write_files.map(({ path }) => path),
    ['/etc/scalarium/agent.json'],
  );
  assert.is(runcmd, undefined);
});

test('the same for the same, another for another agent', () => {
  assert.is(userData(config(), RELEASE), userData(config(), structuredClone(RELEASE)));
  const other = { ...RELEASE, sha256: { ...RELEASE.sha256, 'linux-x64': 'e'.repeat(64) } };
  assert.is.not(userData(config(), RELEASE), userData(config(), other));
});
