/** kill -9 of the local cloud, at any moment: what it answered stays true. */
import { RunInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCredentials } from '../../local-cloud/credentials.js';
import { seededChance } from '../../runtime/chance.js';
import { clientFor, describe, launch, untilState } from '../build/local-cloud.js';
import { assert, suite } from '../suite.js';

const test = suite('local cloud, killed');

const PROGRAM = fileURLToPath(new URL('../build/local-cloud-program.ts', import.meta.url));

const started = (directory: string): Promise<{ readonly child: ChildProcess; readonly url: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    child.stdout.once('data', (chunk: Buffer) => {
      resolve({ child, url: chunk.toString().trim() });
    });
    child.once('exit', (code) => {
      reject(new Error(`the local cloud ended with ${String(code)}`));
    });
  });

const killed = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => {
        child.once('exit', () => {
          resolve();
        });
        child.kill('SIGKILL');
      });

test('no acknowledged launch or termination is lost, and none happens twice', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'local-cloud-'));
  const chance = seededChance(7);
  const launched = new Map<string, string[]>();
  const terminated: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const { child, url } = await started(directory);
    const credentials = (await readCredentials(join(directory, 'credentials')))!;
    const ec2 = clientFor(url, credentials.default);
    let left = 5 + Math.floor(chance.number() * 60);
    const worker = async (name: number): Promise<void> => {
      for (let index = 0; index < 60; index += 1) {
        const token = `round-${String(round)}-${String(name)}-${String(index)}`;
        const ids = await launch(ec2, { ClientToken: token, MaxCount: 2 });
        launched.set(token, ids);
        if ((left -= 1) === 0) child.kill('SIGKILL');
        await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids.slice(1) }));
        terminated.push(...ids.slice(1));
      }
    };
    const work = Array.from({ length: 8 }, (_, name) => worker(name));
    await Promise.allSettled(work);
    await killed(child);
    ec2.destroy();
    // what a write cut short leaves behind
    if (round === 2) appendFileSync(join(directory, 'state.jsonl'), '[["machines","i-0');
  }
  assert.ok(launched.size > 0 && terminated.length > 0);
  const { child, url } = await started(directory);
  const credentials = (await readCredentials(join(directory, 'credentials')))!;
  const ec2 = clientFor(url, credentials.default);
  const ids = [...launched.values()].flat();
  assert.is((await describe(ec2, ids)).length, ids.length);
  await untilState(ec2, terminated, 'terminated');
  for (const [token, before] of [...launched].slice(0, 20)) {
    const again = await ec2.send(
      new RunInstancesCommand({
        ImageId: 'ami-00000000000000012',
        InstanceType: 'm5.large',
        MinCount: 1,
        MaxCount: 2,
        ClientToken: token,
      }),
    );
    assert.equal(again.Instances?.map(({ InstanceId }) => InstanceId).sort(), [...before].sort());
  }
  ec2.destroy();
  await killed(child);
  await rm(directory, { recursive: true, force: true });
});
