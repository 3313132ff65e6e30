/** cron, sudoRule and sysctl: small files of which a wrong one does harm. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Resource } from '../../../recipes/resource.js';
import { assert } from '../../suite.js';
import { apply, onStage, text } from './stage.js';

const test = onStage('rules of cron, sudo and the kernel');

const cron = {
  type: 'cron',
  name: 'backup',
  schedule: '0 3 * * *',
  user: 'root',
  command: 'backup --date "$(date +%F)"',
} as const;

const HEAD = '# Written by Scalarium; changes are overwritten.\n';

test('a cron file has its variables in front, and a % of the command stays one', async (stage) => {
  const resource: Resource = { ...cron, environment: { MAILTO: '', PATH: '/usr/bin' } };
  assert.equal((await apply(stage, [resource])).changed, ['cron[backup]']);
  assert.is(
    await text(stage.root, 'etc/cron.d/backup'),
    `${HEAD}MAILTO=\nPATH=/usr/bin\n0 3 * * * root backup --date "$(date +\\%F)"\n`,
  );
  assert.is((await stat(join(stage.root, 'etc/cron.d/backup'))).mode & 0o777, 0o644);
  assert.equal((await apply(stage, [resource])).changed, []);
});

const sudo = {
  type: 'sudoRule',
  name: 'deploy',
  content: 'deploy ALL=(root) NOPASSWD: /bin/true\n',
} as const;
const sysctl = { type: 'sysctl', name: 'net.core.somaxconn', value: '1024' } as const;

const REFUSED: readonly { readonly name: string; readonly resource: Resource; readonly says: RegExp }[] = [
  { name: 'a dot in its name', resource: { ...cron, name: 'a.b' }, says: /"a\.b" is no name of a cron file/ },
  { name: 'a name that climbs', resource: { ...cron, name: '../x' }, says: /is no name/ },
  { name: 'four fields', resource: { ...cron, schedule: '* * * *' }, says: /"\* \* \* \*" is no schedule/ },
  { name: 'a schedule of its own invention', resource: { ...cron, schedule: '@often' }, says: /no schedule/ },
  {
    name: 'a schedule with a second line',
    resource: { ...cron, schedule: '* * * * *\n*' },
    says: /no schedule/,
  },
  {
    name: 'a command of two lines',
    resource: { ...cron, command: 'a\nb' },
    says: /command has a line break in it/,
  },
  {
    name: 'a user that is two fields',
    resource: { ...cron, user: 'root rm' },
    says: /"root rm" is no name of a user/,
  },
  {
    name: 'a command of two lines, and a variable of that name',
    resource: { ...cron, command: 'a\nb', environment: { command: 'x' } },
    says: /command has a line break in it/,
  },
  {
    name: 'a variable that is a line of its own',
    resource: { ...cron, environment: { 'A=1\n* * * * * root evil #': 'x' } },
    says: /is no name of a variable/,
  },
  {
    name: 'a variable of two lines',
    resource: { ...cron, environment: { A: '1\n2' } },
    says: /A has a line break in it/,
  },
  {
    name: 'a dot in a sudo file',
    resource: { ...sudo, name: 'a.b' },
    says: /"a\.b" is no name of a sudo rule/,
  },
  {
    name: 'a name that is for accounts',
    resource: { ...sudo, name: 'scalarium-x' },
    says: /are those of accounts/,
  },
  {
    name: 'a setting without a group',
    resource: { ...sysctl, name: 'swappiness' },
    says: /"swappiness" is no name of a setting/,
  },
  {
    name: 'a setting that climbs',
    resource: { ...sysctl, name: 'net/../../../x' },
    says: /is no name of a setting/,
  },
  {
    name: 'a value of two lines',
    resource: { ...sysctl, value: '1\nkernel.x = 2' },
    says: /its value has a line break in it/,
  },
];

for (const { name, resource, says } of REFUSED)
  test(`${name}: refused, nothing is written`, async (stage) => {
    assert.match((await apply(stage, [resource])).failure ?? '', says);
    assert.equal(await readdir(stage.root), []);
  });

for (const name of ['net.core.somaxconn', 'net/ipv4/conf/eth0.100/forwarding'])
  test(`a setting is kept for the next start of the host: ${name}`, async (stage) => {
    const { notes } = await apply(stage, [{ ...sysctl, name }]);
    const file = `etc/sysctl.d/60-scalarium-${name.replaceAll('/', '.')}.conf`;
    assert.is(await text(stage.root, file), `${HEAD}${name} = 1024\n`);
    assert.match(notes?.[0] ?? '', /written, not set/);
  });
