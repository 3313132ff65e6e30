/** The Ansible runner: with a stand-in that prints as it does, and with the real program where it is on PATH. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Applied } from '../../../../recipes/apply.js';
import type { CustomWork } from '../../../../recipes/custom.js';
import { ansible } from '../../../../recipes/runners/ansible.js';
import { findProgram } from '../../../../recipes/runners/programs.js';
import type { SecretValues } from '../../../../recipes/runners/work.js';
import { assert } from '../../../suite.js';
import { onHost, pack, runAlone, snapshot, until, workOn, type Stage } from './scene.js';

const test = onHost('the Ansible runner');
const PATH = process.env['PATH'] ?? '';

const RECAP = `cat <<'END'
PLAY [all] ****

TASK [Gathering Facts] ****
ok: [localhost]

TASK [web : write the page] ****
changed: [localhost]

TASK [each of them] ****
changed: [localhost] => (item=a)
changed: [localhost] => (item=b)

RUNNING HANDLER [restart] ****
changed: [localhost]

PLAY RECAP ****
localhost : ok=4 changed=3 unreachable=0 failed=0 skipped=0 rescued=0 ignored=0
END
`;

/** What `ansible-playbook` does in the test. */
const run = async (
  stage: Stage,
  body: string,
  more: Partial<CustomWork> = {},
  values: SecretValues = {},
): Promise<Applied> => {
  const bin = join(stage.top, 'bin');
  await mkdir(bin, { recursive: true });
  await writeFile(join(bin, 'ansible-playbook'), `#!/bin/bash\n${body}`);
  await chmod(join(bin, 'ansible-playbook'), 0o755);
  await pack(stage, { 'web/default.yml': '[]' });
  process.env['PATH'] = `${bin}:${PATH}`;
  try {
    return await runAlone(ansible, workOn(stage, ['web'], more), values);
  } finally {
    process.env['PATH'] = PATH;
  }
};

test('tasks that changed something are told by their names', async (stage) => {
  assert.equal(await run(stage, RECAP), {
    changed: ['ansible[web : write the page]', 'ansible[each of them]', 'ansible[restart]'],
    failure: null,
  });
});

test('it is called for this host, with its variables in private files; secrets are no templates', async (stage) => {
  const body = `echo "$@" > ${stage.top}/arguments
for word in "$@"; do case $word in @*) cat "\${word#@}"; stat -c '%a' "\${word#@}"; esac; done > ${stage.top}/files
env > ${stage.top}/environment`;
  const values = { db: { password: '{{ hunter22 }}"' } };
  await run(stage, body, { snapshot: snapshot({ attributes: { game: 'de', 'no-name': 1 } }) }, values);
  const read = (name: string): Promise<string> => readFile(join(stage.top, name), 'utf8');
  assert.match(
    await read('arguments'),
    /^-c local -i localhost, -e @\S+\/vars\.json -e @\S+\/secrets\.yml \S+\/web\/default\.yml$/m,
  );
  const files = await read('files');
  assert.match(files, /"game":"de"/);
  assert.match(files, /^scalarium_secrets:\n  "db":\n    "password": !unsafe "\{\{ hunter22 \}\}\\""\n600$/m);
  assert.match(await read('environment'), /^ANSIBLE_NOCOLOR=1$/m);
});

test('a dry run is its check mode', async (stage) => {
  const body = `case "$*" in *"--check --diff"*) ;; *) exit 9; esac\n${RECAP}`;
  const { changed, failure, diffs } = await run(stage, body, { dryRun: true });
  assert.equal([changed.length, failure, diffs?.length], [3, null, 3]);
});

const CODES: readonly { readonly code: number; readonly says: RegExp }[] = [
  {
    code: 2,
    says: /^ansible\[web\]: a task failed; command "ansible-playbook .*": exit code 2; last output:\noh/,
  },
  { code: 3, says: /the host was unreachable/ },
  { code: 4, says: /the playbook cannot be read/ },
  { code: 250, says: /an error in Ansible itself/ },
  { code: 77, says: /^ansible\[web\]: command .* exit code 77/ },
];

for (const { code, says } of CODES)
  test(`exit code ${String(code)}`, async (stage) => {
    assert.match((await run(stage, `echo oh; exit ${String(code)}`)).failure ?? '', says);
  });

test('to stop it SIGINT is sent', async (stage) => {
  const running = run(stage, "trap 'echo told; exit 99' INT; echo ready; sleep 1000 & wait");
  await until('it runs', () => stage.lines.includes('ready'));
  stage.abort.abort();
  assert.match(
    (await running).failure ?? '',
    /stopped because the run was aborted; last output:\nready\ntold$/,
  );
});

test('no value of a secret is in a line, a task or a failure', async (stage) => {
  const body = "echo 'TASK [say hunter22] **'; echo 'changed: [localhost]'; echo hunter22; exit 2";
  const applied = await run(stage, body, {}, { db: { password: 'hunter22' } });
  assert.not.match(JSON.stringify([applied, stage.lines]), /hunter22/);
});

test('without Ansible it is said how to get it', async (stage) => {
  await pack(stage, { 'web/default.yml': '[]' });
  process.env['PATH'] = '/nowhere';
  try {
    await runAlone(ansible, workOn(stage, ['web']));
    assert.unreachable('there is no ansible-playbook');
  } catch (error) {
    assert.match(
      (error as Error).message,
      /^there is no ansible-playbook on this host: give the role the package/,
    );
  } finally {
    process.env['PATH'] = PATH;
  }
});

const PLAYBOOK = `- hosts: all
  gather_facts: false
  tasks:
    - name: write it
      copy: { dest: "{{ place }}", content: "{{ game.language }} {{ scalarium_secrets.db.password }}" }
`;

test('the real program does the same', async (stage) => {
  if ((await findProgram(['ansible-playbook'], PATH)) === null) {
    process.stderr.write('\nNOT RUN: no ansible-playbook is on PATH: only the stand-in was tried\n');
    return;
  }
  const place = join(stage.top, 'by-ansible');
  await pack(stage, {
    'web/default.yml': PLAYBOOK,
    'web/playbooks/bad.yml': '- hosts: all\n  tasks: [{ fail: { msg: oh } }]\n',
  });
  const attributes = { game: { language: 'de' }, place };
  const work = workOn(stage, ['web'], { snapshot: snapshot({ attributes }) });
  const values = { db: { password: '{{ hunter22 }} "quoted"' } };
  const dry = await runAlone(ansible, { ...work, dryRun: true }, values);
  assert.equal([dry.failure, dry.changed, existsSync(place)], [null, ['ansible[write it]'], false]);
  assert.equal(await runAlone(ansible, work, values), { changed: ['ansible[write it]'], failure: null });
  assert.is(await readFile(place, 'utf8'), 'de {{ hunter22 }} "quoted"');
  assert.equal(await runAlone(ansible, work, values), { changed: [], failure: null });
  const bad = await runAlone(ansible, { ...work, recipes: ['web::bad'] }, values);
  assert.match(bad.failure ?? '', /a task failed; .*exit code 2/);
});
