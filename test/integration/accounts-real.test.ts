/** Accounts by the real useradd, usermod, userdel, visudo, sudo and sshd, in a machine that is thrown away. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Account } from '../../api-types/accounts.js';
import { applyAccounts, type AppliedAccounts } from '../../recipes/accounts/apply.js';
import { identify } from '../../runtime/process-identity.js';
import { inOwnMachine, isOwnMachine, noOwnMachine } from '../build/own-machine.js';
import { freePort } from '../build/free-port.js';
import { eventually } from '../e2e/world.js';
import { assert, suite } from '../suite.js';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFzc0yq0Vn9Yd0u3w1XbqkVhYl9m2oJb0l0yX3r1mJ2c';

const apply = (...accounts: readonly Account[]): Promise<AppliedAccounts> =>
  applyAccounts(accounts, { root: '/', signal: new AbortController().signal });

const account = (name: string, more: Partial<Account> = {}): Account => ({
  name,
  keys: [KEY],
  sudo: false,
  ...more,
});

const sh = (script: string): string => {
  const ran = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`${script}: exit ${String(ran.status)}: ${ran.stdout}${ran.stderr}`);
  return ran.stdout.trim();
};

/** Begins a script with the rights of the account, in a session of its own. */
const begins = (name: string, script: string): ChildProcess => {
  const ids = (flag: string): number => Number(sh(`id -${flag} ${name}`));
  return spawn('/bin/sh', ['-c', script], {
    uid: ids('u'),
    gid: ids('g'),
    cwd: `/home/${name}`,
    detached: true,
    stdio: 'ignore',
  });
};

const processesOf = (uid: string): number => Number(sh(`ps -eo uid= | awk '$1 == ${uid}' | wc -l`));

const knows = (name: string): boolean => spawnSync('id', [name]).status === 0;

const CLEAN: AppliedAccounts = { changed: [], warnings: [] };

const realAccounts = (): void => {
  const test = suite('accounts on a real machine');
  test.afterEach(async () => {
    assert.equal((await apply()).warnings, []);
  });

  test('an account is made with keys and sudo, and a second run changes nothing', async () => {
    assert.equal(await apply(account('jane', { sudo: true }), account('bob')), {
      changed: [
        'account[jane]',
        'authorized_keys[jane]',
        'sudo[jane]',
        'account[bob]',
        'authorized_keys[bob]',
      ],
      warnings: [],
    });
    assert.equal(await apply(account('jane', { sudo: true }), account('bob')), CLEAN);
    assert.is(sh('id -gn jane'), 'scalarium');
    assert.match(readFileSync('/etc/passwd', 'utf8'), /^jane:x:\d+:\d+:scalarium:\/home\/jane:\/bin\/bash$/m);
    assert.match(readFileSync('/etc/shadow', 'utf8'), /^jane:\*:/m);
    assert.is(
      sh('stat -c "%a %U" /home/jane /home/jane/.ssh /home/jane/.ssh/authorized_keys'),
      '700 jane\n700 jane\n600 jane',
    );
    assert.is(sh('stat -c "%a %U:%G" /etc/sudoers.d/scalarium-jane'), '440 root:root');
    assert.is(sh('visudo -c >/dev/null && su jane -c "sudo -n id -u"'), '0');
    assert.throws(() => sh('su bob -c "sudo -n id -u"'));
  });

  test('sudo is taken back, a password is taken out, an account that was cut short in going is opened', async () => {
    await apply(account('jane', { sudo: true }));
    sh('echo jane:secret | chpasswd && usermod --expiredate 1 jane');
    assert.equal(await apply(account('jane')), {
      changed: ['sudo[jane] removed', 'account[jane]'],
      warnings: [],
    });
    assert.match(readFileSync('/etc/shadow', 'utf8'), /^jane:\*:\d*:\d*:\d*:\d*:\d*::$/m);
    assert.throws(() => sh('su jane -c "sudo -n id -u"'));
  });

  test('an account that is not ours is left as it is and named; the others are made', async () => {
    sh('useradd -m -c "Local Jane" jane');
    const before = readFileSync('/etc/passwd', 'utf8');
    const { warnings } = await apply(
      account('jane', { sudo: true }),
      account('daemon', { sudo: true }),
      account('bob'),
    );
    assert.is(warnings.length, 2);
    assert.match(
      warnings[0]!,
      /^account jane: the host has an account of this name that Scalarium did not make/,
    );
    assert.is(knows('bob'), true);
    assert.is(existsSync('/etc/sudoers.d/scalarium-jane'), false);
    assert.is(existsSync('/home/jane/.ssh'), false);
    await apply();
    assert.is(readFileSync('/etc/passwd', 'utf8'), before);
    sh('userdel -r jane 2>&1');
  });

  test('a home that is there already is not given away', async () => {
    mkdirSync('/home/jane');
    const { warnings } = await apply(account('jane'));
    assert.match(warnings[0]!, /^account jane: \/home\/jane exists/);
    assert.is(knows('jane'), false);
    rmSync('/home/jane', { recursive: true });
  });

  test('a sudo file that visudo refuses never comes into force', async () => {
    writeFileSync('/usr/local/sbin/visudo', '#!/bin/sh\necho syntax error near line 1\nexit 1\n', {
      mode: 0o755,
    });
    const { warnings } = await apply(account('jane', { sudo: true }));
    rmSync('/usr/local/sbin/visudo');
    assert.match(
      warnings[0]!,
      /^account jane: command "visudo -c .*": exit code 1; last output:\nsyntax error/,
    );
    assert.is(sh('ls -A /etc/sudoers.d | grep -c scalarium || true'), '0');
  });

  test('a host without useradd names what is missing', async () => {
    const useradd = sh('command -v useradd');
    renameSync(useradd, `${useradd}.away`);
    const { warnings } = await apply(account('jane'), account('bob'));
    renameSync(`${useradd}.away`, useradd);
    assert.is(warnings.length, 2);
    assert.match(warnings[0]!, /^account jane: there is no useradd on this host: .*"shadow" \(Alpine/);
  });

  const unharmed = (): readonly string[] =>
    ['/root/.ssh/authorized_keys', '/etc/shadow', '/etc/victim'].map((file) => {
      const { uid, gid, mode } = statSync(file);
      return [file, uid, gid, mode, readFileSync(file, 'utf8').replace(/^(jane|bob):.*\n/gm, '')].join(' ');
    });

  test('links that the owner planted lead nowhere', async () => {
    mkdirSync('/root/.ssh', { recursive: true, mode: 0o700 });
    writeFileSync('/root/.ssh/authorized_keys', 'root only\n', { mode: 0o600 });
    writeFileSync('/etc/victim', 'root only\n', { mode: 0o600 });
    await apply(account('jane'));
    const before = unharmed();
    for (const planted of [
      'rm -rf .ssh; ln -s /root/.ssh .ssh',
      'rm -rf .ssh; ln -s /etc/victim .ssh',
      'rm -f .ssh/authorized_keys; ln -s /root/.ssh/authorized_keys .ssh/authorized_keys',
      'rm -f .ssh/authorized_keys; ln -s /etc/victim .ssh/.authorized_keys.scalarium-new; ln -s /etc/victim .ssh/authorized_keys',
      'rm -f .ssh/authorized_keys; mkdir .ssh/authorized_keys; ln -s /etc .ssh/authorized_keys/etc',
      'rm -f .ssh/authorized_keys; mkfifo .ssh/authorized_keys',
      'rm -rf .ssh; mkfifo .ssh',
      'chmod 500 .; chmod 0 .ssh',
    ]) {
      sh(`su jane -c 'cd; ${planted}'`);
      assert.equal((await apply(account('jane'))).warnings, [], planted);
      assert.is(lstatSync('/home/jane/.ssh').isDirectory(), true, planted);
      assert.is(lstatSync('/home/jane/.ssh/authorized_keys').isFile(), true, planted);
      assert.match(readFileSync('/home/jane/.ssh/authorized_keys', 'utf8'), KEY.slice(0, 40));
      assert.equal(unharmed(), before, planted);
    }
    rmSync('/home/jane/.ssh/authorized_keys');
    linkSync('/etc/victim', '/home/jane/.ssh/authorized_keys');
    await apply(account('jane'));
    assert.equal(unharmed(), before);
    assert.match(readFileSync('/home/jane/.ssh/authorized_keys', 'utf8'), KEY.slice(0, 40));
  });

  test('links that the owner swaps while we write lead nowhere', async () => {
    await apply(account('jane'));
    const before = unharmed();
    const swapping = begins(
      'jane',
      'while :; do rm -rf .ssh; ln -s /root/.ssh .ssh; rm -f .ssh; mkdir .ssh; ln -s /etc/victim .ssh/authorized_keys; done',
    );
    for (let turn = 0; turn < 30; turn += 1)
      await apply(account('jane', { keys: [`${KEY}${String(turn)}`] }));
    assert.equal(unharmed(), before);
    swapping.kill('SIGKILL');
  });

  test('whoever loses the account loses every process, also those that fork faster than one can look', async () => {
    await apply(account('jane', { sudo: true }), account('bob'));
    const uid = sh('id -u jane');
    const bobs = begins('bob', 'sleep 1000');
    begins('jane', 'trap "" TERM HUP; while :; do sleep 1; done');
    begins('jane', 'comet() { (comet &) ; exit; }; comet');
    begins('jane', 'burst() { while :; do sleep 0.01 & done; }; ulimit -u 500; burst');
    const rooted = (file: string): string =>
      `sudo -n sh -c 'trap "" TERM HUP; echo $$ > ${file}; while :; do sleep 1; done'; true`;
    begins('jane', rooted('/run/rooted'));
    begins('jane', `setsid --wait ${rooted('/run/apart')}`);
    await eventually(
      'they run',
      () => processesOf(uid) > 3 && existsSync('/run/rooted') && existsSync('/run/apart'),
    );
    writeFileSync('/home/jane/left-behind', '');
    mkdirSync('/var/spool/cron/crontabs', { recursive: true });
    writeFileSync('/var/spool/cron/crontabs/jane', '* * * * * true\n');
    const begun = performance.now();
    assert.equal(await apply(account('bob')), {
      changed: ['sudo[jane] removed', 'account[jane] removed'],
      warnings: [],
    });
    process.stdout.write(`removed within ${((performance.now() - begun) / 1000).toFixed(1)} s\n`);
    assert.is(processesOf(uid), 0);
    for (const file of ['/run/rooted', '/run/apart'])
      assert.is(identify(Number(readFileSync(file, 'utf8'))), null, file);
    assert.is(knows('jane'), false);
    for (const gone of ['/home/jane', '/etc/sudoers.d/scalarium-jane', '/var/spool/cron/crontabs/jane'])
      assert.is(existsSync(gone), false, gone);
    assert.is(bobs.exitCode, null);
    assert.is(knows('bob'), true);
    sh('visudo -c');
  });

  test('a key opens a real sshd, the session ends when the grant goes, and nobody gets in again', async () => {
    const port = await freePort();
    mkdirSync('/run/sshd', { recursive: true });
    sh(
      'rm -rf /run/keys; mkdir -m 700 /run/keys; ssh-keygen -q -t ed25519 -N "" -f /run/keys/host; ssh-keygen -q -t ed25519 -N "" -f /run/keys/jane',
    );
    writeFileSync(
      '/run/keys/sshd_config',
      [
        'ListenAddress 127.0.0.1',
        `Port ${String(port)}`,
        'HostKey /run/keys/host',
        'UsePAM no',
        'StrictModes yes',
        'PasswordAuthentication no',
        'PidFile none',
        '',
      ].join('\n'),
    );
    chmodSync('/run/keys/jane', 0o600);
    const key = readFileSync('/run/keys/jane.pub', 'utf8').split(' ', 2).join(' ');
    await apply(account('jane', { keys: [key], sudo: true }));
    const sshd = spawn('/usr/sbin/sshd', ['-D', '-f', '/run/keys/sshd_config'], { stdio: 'ignore' });
    const options =
      '-o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR';
    const ssh = `ssh ${options} -i /run/keys/jane -p ${String(port)} jane@127.0.0.1`;
    const getsIn = (): boolean =>
      spawnSync('/bin/sh', ['-c', `${ssh} id -un`], { encoding: 'utf8' }).stdout === 'jane\n';
    await eventually('jane gets in', getsIn, 10);
    assert.is(sh(`${ssh} sudo -n id -un`), 'root');
    const session = spawn('/bin/sh', ['-c', `exec ${ssh} sleep 1000`], { stdio: 'ignore' });
    const uid = sh('id -u jane');
    await eventually('a session', () => processesOf(uid) > 1);
    assert.equal((await apply()).warnings, []);
    await eventually('the session ends', () => session.exitCode !== null, 10);
    assert.is(processesOf(uid), 0);
    assert.is(getsIn(), false);
    await apply(account('jane', { keys: [KEY] }));
    assert.is(getsIn(), false);
    sshd.kill();
  });
};

if (isOwnMachine()) realAccounts();
else if (noOwnMachine() === null) process.exitCode = await inOwnMachine(fileURLToPath(import.meta.url));
else {
  const why = noOwnMachine() ?? '';
  const test = suite('accounts on a real machine');
  test(`NOT RUN: ${why}`, () => {
    process.stderr.write(`\n*** ACCOUNTS ON A REAL MACHINE: NOT TESTED HERE: ${why} ***\n`);
    assert.is.not(why, '');
  });
}
