/** Services by systemctl: a stand-in that keeps its units in a folder and behaves as the real one does. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Resource, ServiceResource } from '../../recipes/resource.js';
import { systemd } from '../../recipes/services/systemd.js';
import type { Applied, ApplyOptions } from '../../recipes/apply.js';
import { untilTrue } from '../build/gateways.js';
import { CLEAN, applyHere, changed, onRealHost, standIn } from '../build/real-host.js';
import { assert } from '../suite.js';
import { optionsFor } from '../unit/recipes/options.js';

/** Beside a unit `u`: u.active, u.enabled, u.failed, u.restarts; told by tests: u.dies, u.loops, u.hangs, u.refuses. */
const SYSTEMCTL = `
cd /units
words=
for word; do case $word in -*) ;; *) words="$words $word" ;; esac; done
set -- $words
unit=\${2%.service}
[ "$1" = show ] || echo "$*" >> log
file=/etc/systemd/system/$unit.service
is() { [ -e "$unit.$1" ] && echo "$2" || echo "$3"; }
begin() {
  [ -e "$unit.hangs" ] && { touch "$unit.hanging"; sleep 600; }
  [ -e "$unit.refuses" ] && { echo "Job for $unit.service failed because the control process exited with error code." >&2; exit 1; }
  rm -f "$unit.failed"; echo 0 > "$unit.restarts"
  if [ -e "$unit.dies" ]; then touch "$unit.failed"; rm -f "$unit.active"; else touch "$unit.active"; fi
}
case $1 in
  show)
    [ -e "$unit.loops" ] && echo $(($(cat "$unit.restarts" 2>/dev/null || echo 0) + 1)) > "$unit.restarts"
    echo "LoadState=$([ -e "$file" ] && echo loaded || echo not-found)"
    if [ -e "$unit.failed" ]; then echo "ActiveState=failed"; else echo "ActiveState=$(is active active inactive)"; fi
    echo "UnitFileState=$(is enabled enabled disabled)"
    echo "Result=$(is failed exit-code success)"
    echo "ExecMainStatus=$(is failed 3 0)"
    echo "NRestarts=$(cat "$unit.restarts" 2>/dev/null || echo 0)" ;;
  start) [ -e "$unit.active" ] || begin ;;
  restart) begin ;;
  stop) rm -f "$unit.active" "$unit.failed" ;;
  reload) [ -e "$unit.active" ] || { echo "$unit.service is not active, cannot reload." >&2; exit 1; } ;;
  enable) touch "$unit.enabled" ;;
  disable) rm -f "$unit.enabled" ;;
esac`;

const service = (name: string, more: Partial<ServiceResource> = {}): ServiceResource => ({
  type: 'service',
  name,
  state: 'running',
  unit: `[Service]\nExecStart=/usr/bin/${name}\n`,
  ...more,
});

const apply = (resources: readonly Resource[], more: Partial<ApplyOptions> = {}): Promise<Applied> =>
  applyHere(resources, {
    platform: { ...optionsFor('/').platform, services: systemd, init: 'systemd' },
    ...more,
  });

const told = (file: string): void => {
  writeFileSync(`/units/${file}`, '');
};

/** What systemctl was told since the last time. */
const calls = (): readonly string[] => {
  const all = existsSync('/units/log') ? readFileSync('/units/log', 'utf8').trim().split('\n') : [];
  rmSync('/units/log', { force: true });
  return all;
};

const conf = (content: string, action: 'restart' | 'reload'): Resource => ({
  type: 'file',
  path: '/etc/of-web',
  content,
  notifies: [{ action, resource: 'service[web]' }],
});

await onRealHost(import.meta.url, { title: 'services by systemctl' }, (test) => {
  test.before(() => {
    standIn('systemctl', SYSTEMCTL);
    standIn('journalctl', 'echo "no such table: users"');
    mkdirSync('/etc/systemd/system', { recursive: true });
  });
  test.beforeEach(() => {
    rmSync('/units', { recursive: true, force: true });
    mkdirSync('/units');
    rmSync('/etc/systemd/system/web.service', { force: true });
    rmSync('/etc/of-web', { force: true });
  });

  test('its unit is written and read, it is enabled and started; a second run does nothing', async () => {
    assert.equal(await apply([service('web', { enabled: true })]), changed('service[web]'));
    assert.equal(calls(), ['daemon-reload', 'enable web.service', 'start web.service']);
    assert.equal(await apply([service('web', { enabled: true })]), CLEAN);
    assert.equal(calls(), []);
    assert.equal(
      await apply([service('web', { enabled: false, state: 'stopped' })]),
      changed('service[web]'),
    );
    assert.equal(calls(), ['disable web.service', 'stop web.service']);
  });

  test('notified twice it is restarted once; a reload of one that runs is a reload', async () => {
    await apply([service('web')]);
    calls();
    const other: Resource = {
      ...conf('x', 'restart'),
      type: 'file',
      path: '/etc/of-web-too',
      content: String(process.pid),
    };
    assert.is((await apply([conf('1', 'reload'), other, service('web')])).failure, null);
    assert.equal(calls(), ['restart web.service']);
    await apply([conf('2', 'reload'), service('web')]);
    assert.equal(calls(), ['reload web.service']);
    rmSync('/etc/of-web-too');
  });

  test('one that starts and dies: a failure with its exit code and last words, and the next run starts it', async () => {
    told('web.dies');
    const { failure } = await apply([service('web', { at: 'recipes/x.ts:4' })]);
    assert.match(
      failure ?? '',
      /^service\[web\] \(recipes\/x\.ts:4\): web was started and does not run: it is failed: exit-code, exit code 3; it said last:\nno such table: users$/,
    );
    rmSync('/units/web.dies');
    assert.equal(await apply([service('web')]), changed('service[web]'));
  });

  test('one that dies and is started anew by its manager, again and again, does not count as one that runs', async () => {
    told('web.loops');
    const { failure } = await apply([service('web')]);
    assert.match(
      failure ?? '',
      /^service\[web\]: web does not stay: it was started, ended, and was started anew by its manager/,
    );
  });

  test('one that was restarted by its manager some day is no failure when it is reloaded', async () => {
    await apply([service('web')]);
    writeFileSync('/units/web.restarts', '7');
    assert.is((await apply([conf('3', 'reload'), service('web')])).failure, null);
  });

  test('what systemctl says is told; one without a unit', async () => {
    told('web.refuses');
    assert.match(
      (await apply([service('web')])).failure ?? '',
      /^service\[web\]: command "systemctl --no-ask-password --quiet start web\.service": exit code 1; last output:\nJob for web/,
    );
    assert.match(
      (await apply([{ type: 'service', name: 'none', state: 'running' }])).failure ?? '',
      /there is no unit none\.service on this host/,
    );
    assert.match(
      (await apply([{ type: 'service', name: 'a b', state: 'running' }])).failure ?? '',
      /"a b" is no name of a unit/,
    );
    assert.equal(await apply([{ type: 'service', name: 'none', state: 'stopped' }]), CLEAN);
  });

  test('a start that hangs is left at once when the run is aborted, and the next run starts it', async () => {
    told('web.hangs');
    const stop = new AbortController();
    const running = apply([service('web')], { signal: stop.signal });
    await untilTrue('it hangs', () => existsSync('/units/web.hanging'));
    stop.abort();
    assert.match((await running).failure ?? '', /start web\.service": stopped because the run was aborted/);
    rmSync('/units/web.hangs');
    assert.equal((await apply([service('web')])).changed, ['service[web]']);
  });

  test('a dry run starts nothing and shows the unit', async () => {
    const { diffs = [] } = await apply([service('web', { enabled: true })], { dryRun: true });
    assert.match(
      diffs[0]?.diff ?? '',
      /^--- \/dev\/null\n\+\+\+ \/etc\/systemd\/system\/web\.service\n[^]*\nenable\nstart$/,
    );
    assert.equal(calls(), []);
  });
});
