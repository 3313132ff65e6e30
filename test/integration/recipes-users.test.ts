/** Users, groups, keys, sudo rules and commands of users, by the real useradd, visudo and sudo. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { UserResource } from '../../recipes/resource.js';
import { CLEAN, applyHere, changed, onRealHost, sh } from '../build/real-host.js';
import { assert } from '../suite.js';

const user = (name: string, more: Partial<UserResource> = {}): UserResource => ({
  type: 'user',
  name,
  ...more,
});

const drop = (name: string): void => {
  spawnSync('userdel', ['--remove', name]);
  spawnSync('groupdel', [name]);
};

const needs = ['useradd', 'usermod', 'groupadd', 'groupmod', 'visudo'];

await onRealHost(import.meta.url, { title: 'users on a real host', needs }, (test) => {
  test.beforeEach(() => {
    for (const name of ['web', 'jane', 'people', 'other']) drop(name);
  });

  test('a user with id, home, shell and groups; a second run does nothing', async () => {
    const people = { type: 'group', name: 'people', gid: 4321 } as const;
    const web = user('web', { uid: 4322, home: '/srv/web', shell: '/bin/bash', groups: ['people'] });
    assert.equal(await applyHere([people, web]), changed('group[people]', 'user[web]'));
    assert.is(sh('getent passwd web'), 'web:x:4322:4322::/srv/web:/bin/bash');
    assert.is(sh('id -nG web'), 'web people');
    assert.is(statSync('/srv/web').uid, 4322);
    assert.match(readFileSync('/etc/shadow', 'utf8'), /^web:\*:/m);
    assert.equal(await applyHere([people, web]), CLEAN);
  });

  test('what differs is put right: shell, groups, ids; groups of others are left', async () => {
    sh('groupadd people; groupadd other; useradd --create-home --shell /bin/sh --groups other web');
    const wanted = user('web', { shell: '/bin/bash', groups: ['people'], uid: 4444 });
    assert.equal(await applyHere([wanted]), changed('user[web]'));
    assert.match(sh('getent passwd web'), /^web:x:4444:.*:\/bin\/bash$/);
    assert.is(sh('id -nG web | tr " " "\\n" | sort | tr "\\n" " "'), 'other people web');
    assert.equal(await applyHere([{ type: 'group', name: 'people', gid: 4567 }]), changed('group[people]'));
    assert.is(sh('getent group people | cut -d: -f3'), '4567');
    assert.equal(await applyHere([wanted]), CLEAN);
  });

  test('a user of a service has an id of the system, no home and no shell', async () => {
    await applyHere([user('web', { system: true })]);
    assert.match(sh('getent passwd web'), /^web:x:\d{3}:\d{3}::\/nonexistent:\/usr\/sbin\/nologin$/);
    assert.equal(await applyHere([user('web', { system: true })]), CLEAN);
  });

  test('a group of its name that a recipe made before becomes its own', async () => {
    await applyHere([{ type: 'group', name: 'web', gid: 4999 }, user('web')]);
    assert.is(sh('id -g web'), '4999');
  });

  test('one that was cut short before its home was made gets it', async () => {
    sh('useradd --no-create-home web');
    assert.equal(await applyHere([user('web')]), changed('user[web]'));
    assert.is(sh('stat -c "%U %a" /home/web'), 'web 700');
    assert.equal(await applyHere([user('web')]), CLEAN);
  });

  test('what useradd refuses is told in its words', async () => {
    const { failure } = await applyHere([user('web', { groups: ['nobody-has-it'] })]);
    assert.match(
      failure ?? '',
      /^user\[web\]: command "useradd .*exit code 6; last output:\n.*nobody-has-it/,
    );
    sh('useradd --uid 4777 other');
    assert.match((await applyHere([user('web', { uid: 4777 })])).failure ?? '', /exit code 4/);
    assert.match((await applyHere([user('-rf')])).failure ?? '', /"-rf" is no name of a user/);
  });

  const keys = (...all: readonly string[]) => ({ type: 'authorizedKeys', user: 'jane', keys: all }) as const;
  const FILE = '/home/jane/.ssh/authorized_keys';

  test('keys: exactly these, readable by their owner alone', async () => {
    await applyHere([user('jane')]);
    assert.equal(await applyHere([keys('ssh-ed25519 AAAA one')]), changed('authorizedKeys[jane]'));
    assert.is(sh(`stat -c "%U %a" ${FILE}`), 'jane 600');
    assert.equal(await applyHere([keys('ssh-ed25519 AAAA one')]), CLEAN);
    sh(`echo 'ssh-rsa EVIL' >> ${FILE}`);
    assert.equal(await applyHere([keys('ssh-ed25519 AAAA one')]), changed('authorizedKeys[jane]'));
    assert.not.match(readFileSync(FILE, 'utf8'), /EVIL/);
    sh(`chmod 644 ${FILE}`);
    assert.equal(await applyHere([keys('ssh-ed25519 AAAA one')]), changed('authorizedKeys[jane]'));
  });

  test('keys: a link that their owner planted is not followed, neither to read nor to write', async () => {
    await applyHere([user('jane')]);
    mkdirSync('/home/jane/.ssh');
    writeFileSync('/etc/secret-of-root', 'not for jane', { mode: 0o600 });
    symlinkSync('/etc/secret-of-root', FILE);
    sh('chown -hR jane: /home/jane/.ssh');
    const { diffs } = await applyHere([keys('ssh-ed25519 AAAA')], { dryRun: true });
    assert.not.match(JSON.stringify(diffs), /not for jane/);
    assert.equal(await applyHere([keys('ssh-ed25519 AAAA')]), changed('authorizedKeys[jane]'));
    assert.is(readFileSync('/etc/secret-of-root', 'utf8'), 'not for jane');
    assert.ok(lstatSync(FILE).isFile());
  });

  test('keys of a user that is not there', async () => {
    assert.match(
      (await applyHere([keys('x')])).failure ?? '',
      /^authorizedKeys\[jane\]: there is no user jane on this host/,
    );
  });

  test('a sudo rule comes into force, and one that visudo refuses never does', async () => {
    await applyHere([user('jane')]);
    const rule = {
      type: 'sudoRule',
      name: 'jane',
      content: 'jane ALL=(root) NOPASSWD: /usr/bin/id\n',
    } as const;
    assert.equal(await applyHere([rule]), changed('sudoRule[jane]'));
    assert.is(sh('su jane -s /bin/sh -c "sudo -n id -un"'), 'root');
    const { failure } = await applyHere([{ ...rule, content: 'jane ALL=(root NOPASSWD\n' }]);
    assert.match(
      failure ?? '',
      /^sudoRule\[jane\]: the rule is not accepted: command "visudo [^]*exit code 1; last output:\n[^]*syntax error/,
    );
    assert.is(sh('su jane -s /bin/sh -c "sudo -n id -un"'), 'root');
    assert.equal(
      readdirSync('/etc/sudoers.d').filter((name) => name.includes('jane')),
      ['jane'],
    );
    assert.equal(await applyHere([rule]), CLEAN);
    rmSync('/etc/sudoers.d/jane');
  });

  test('a command of a user has that user’s rights, home and nothing of the agent’s', async () => {
    process.env['AGENT_TOKEN'] = 'of the agent';
    await applyHere([{ type: 'group', name: 'people' }, user('jane')]);
    const script =
      'echo "$(id -un):$(id -gn):$(id -G | wc -w):$HOME:$USER:[$AGENT_TOKEN]" > /tmp/said; touch /etc/mine';
    rmSync('/tmp/said', { force: true });
    const it = { type: 'execute', name: 'it', command: ['sh', '-c', script], user: 'jane' } as const;
    assert.match(
      (await applyHere([it])).failure ?? '',
      /exit code 1; last output:\n.*\/etc\/mine.*Permission denied/,
    );
    assert.is(readFileSync('/tmp/said', 'utf8'), 'jane:jane:1:/home/jane:jane:[]\n');
    rmSync('/tmp/said');
    await applyHere([{ ...it, group: 'people' }]);
    assert.match(readFileSync('/tmp/said', 'utf8'), /^jane:people:1:/);
    assert.match(
      (await applyHere([{ ...it, user: 'nobody-at-all' }])).failure ?? '',
      /there is no user nobody-at-all/,
    );
    rmSync('/tmp/said');
  });

  test('files and directories have the owner that they are told, and keep the one that they have', async () => {
    await applyHere([user('jane')]);
    const path = '/srv/of-jane';
    const folder = { type: 'directory', path, owner: 'jane', group: 'daemon', mode: 0o2750 } as const;
    const file = { type: 'file', path: `${path}/file`, content: 'x', owner: 'jane' } as const;
    await applyHere([folder, file]);
    assert.is(sh(`stat -c "%U %G %a" ${path}`), 'jane daemon 2750');
    assert.is(sh(`stat -c "%U %a" ${path}/file`), 'jane 644');
    assert.equal(await applyHere([folder, file]), CLEAN);
    await applyHere([{ type: 'file', path: `${path}/file`, content: 'y' }]);
    assert.equal(await applyHere([folder, { ...file, content: 'y' }]), CLEAN);
    assert.is(sh(`stat -c "%U" ${path}/file`), 'jane');
    sh(`chown root: ${path}`);
    assert.equal(await applyHere([folder]), changed(`directory[${path}]`));
    assert.is(sh(`stat -c "%U %G %a" ${path}`), 'jane daemon 2750');
    sh(`rm -r ${path}`);
    assert.not(existsSync(path));
  });
});
