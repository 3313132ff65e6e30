import { cliScene, host, hostStatus } from '../build/cli-scene.js';
import { eventually } from '../conformance/objects-world.js';
import type { FakeObjects } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('restart over a server');
const AT = '2026-01-02T03:04:05Z';

const online = (objects: FakeObjects, name: string, state: 'running' | 'stopped' = 'running'): void => {
  objects.has(host(name), { spec: { role: 'app' } }, hostStatus(state, `i-${name}`));
};

const patch = async (objects: FakeObjects, name: string, status: Readonly<Record<string, unknown>>) => {
  await objects.write(null, [{ write: 'status', ref: host(name), patch: status }])();
};

const askedOf = (objects: FakeObjects, name: string): string | undefined =>
  objects.get(host(name))?.spec.restartedAt;

/** What the control plane does of a reboot. */
const reboots = async (objects: FakeObjects, name: string): Promise<void> => {
  const askedAt = await eventually(`${name} is asked for`, () => askedOf(objects, name));
  const restart = { askedAt, machine: `i-${name}`, calledAt: AT };
  await patch(objects, name, { restart });
  await patch(objects, name, { restart: { doneAt: AT } });
};

test(
  'hosts are restarted one after the other, and waited for',
  cliScene(async ({ runWith, objects }) => {
    for (const name of ['app-1', 'app-2']) online(objects, name);
    let said = '';
    const onErr = (text: string): void => {
      said = text;
    };
    const restarting = runWith({ onErr }, 'restart', 'app-1', 'host/app-2', '-n', 'shop', '--timeout', '20s');
    await eventually('app-1 is waited for', () => said.includes('host/app-1: to be rebooted'));
    assert.is(askedOf(objects, 'app-2'), undefined);
    await reboots(objects, 'app-1');
    await reboots(objects, 'app-2');
    const { out, err, code } = await restarting;
    assert.is(out, 'host/app-1 restarted\nhost/app-2 restarted\n');
    assert.match(err, /^host\/app-1: to be rebooted\n/);
    assert.is(code, 0);
  }),
);

test(
  'a role, two at a time',
  cliScene(async ({ run, objects }) => {
    for (const name of ['app-1', 'app-2']) online(objects, name);
    const restarting = run('restart', '--role', 'app', '-n', 'shop', '--parallel', '2');
    await eventually('both are asked for', () => ['app-1', 'app-2'].every((name) => askedOf(objects, name)));
    await Promise.all([reboots(objects, 'app-1'), reboots(objects, 'app-2')]);
    assert.is((await restarting).code, 0);
  }),
);

test(
  'a host that is replaced instead is no success, and the next is not touched',
  cliScene(async ({ run, objects }) => {
    for (const name of ['app-1', 'app-2']) online(objects, name);
    const restarting = run('restart', 'app-1', 'app-2', '-n', 'shop', '--timeout', '20s');
    await eventually('it is asked for', () => askedOf(objects, 'app-1'));
    await patch(objects, 'app-1', { machine: { id: 'i-new' } });
    const { code, err } = await restarting;
    assert.is(code, 1);
    assert.match(err, /it was replaced: i-new has taken the place of i-app-1/);
    assert.is(askedOf(objects, 'app-2'), undefined);
  }),
);

test(
  'nothing is touched when one cannot be restarted',
  cliScene(async ({ run, objects }) => {
    online(objects, 'app-1');
    online(objects, 'app-2', 'stopped');
    const stopped = await run('restart', 'app-1', 'app-2', '-n', 'shop');
    assert.is(stopped.code, 5);
    assert.match(stopped.err, /host\/app-2 cannot be restarted, its machine is stopped: start it/);
    assert.is((await run('restart', 'app-1', 'app-9', '-n', 'shop')).code, 3);
    assert.is((await run('restart', '-n', 'shop')).code, 64);
    assert.is((await run('restart', 'app-1', '-n', 'shop', '--parallel', '0')).code, 64);
    assert.is(askedOf(objects, 'app-1'), undefined);
    const quick = await run('restart', 'app-1', '-n', 'shop', '--no-wait');
    assert.is(quick.out, 'host/app-1 is to be restarted\n');
  }),
);
