import { chmodSync, existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliScene } from '../build/cli-scene.js';
import { ref } from '../fake/objects.js';
import { assert, suite } from '../suite.js';

const test = suite('edit and diff over a server');
const app = ref('Role', 'shop', 'app');

const script = (folder: string, name: string, body: string): string => {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
};

test(
  'edit stores what was changed, and nothing when nothing was',
  cliScene(async ({ runWith, objects, folder }) => {
    const five = script(folder, 'five', 'sed -i "s/replicas: 2/replicas: 5/" "$1"');
    const edited = await runWith({ env: { EDITOR: five } }, 'edit', 'role', 'app', '-n', 'shop');
    assert.equal(edited, { out: 'role/app edited\n', err: '', code: 0 });
    assert.is(objects.get(app)?.spec.replicas, 5);
    const before = objects.revision();
    const same = await runWith(
      { env: { EDITOR: 'true', SCALARIUM_EDITOR: '' } },
      'edit',
      'role/app',
      '-n',
      'shop',
    );
    assert.equal(same, { out: '', err: 'role/app: nothing was changed\n', code: 0 });
    assert.is(objects.revision(), before);
  }),
);

test(
  'edit leaves nothing behind when there is nothing to lose',
  cliScene(async ({ runWith, folder }) => {
    const before = process.env['TMPDIR'];
    process.env['TMPDIR'] = folder;
    try {
      const three = script(folder, 'three', 'sed -i "s/replicas: 2/replicas: 3/" "$1"');
      const edit = (editor: string, what: string) =>
        runWith({ env: { EDITOR: editor } }, 'edit', what, '-n', 'shop');
      assert.is((await edit(three, 'role/app')).code, 0);
      assert.is((await edit('true', 'role/app')).code, 0);
      assert.is((await edit('true', 'role/none')).code, 3);
    } finally {
      if (before === undefined) delete process.env['TMPDIR'];
      else process.env['TMPDIR'] = before;
    }
    assert.equal(readdirSync(folder), ['three']);
  }),
);

test(
  'what is refused is opened again with the reason, and kept when it is given up',
  cliScene(async ({ runWith, objects, folder }) => {
    const seen = join(folder, 'seen');
    const mend = script(
      folder,
      'mend',
      `cat "$1" >> ${seen}; if grep -q "replicas: -1" "$1"; then sed -i "s/replicas: -1/replicas: 3/" "$1"; else sed -i "s/replicas: 2/replicas: -1/" "$1"; fi`,
    );
    const mended = await runWith({ env: { EDITOR: mend } }, 'edit', 'role/app', '-n', 'shop');
    assert.is(mended.code, 0, mended.err);
    assert.match(
      readFileSync(seen, 'utf8'),
      /# It was not saved:\n# {3}spec\.replicas: expected a whole number/,
    );
    assert.is(objects.get(app)?.spec.replicas, 3);
    const wrong = script(folder, 'wrong', 'sed -i "s/replicas: 3/replicas: -1/" "$1"');
    const kept = await runWith({ env: { EDITOR: wrong } }, 'edit', 'role/app', '-n', 'shop');
    assert.is(kept.code, 1);
    const file = /the text is in (\S+)/.exec(kept.err)?.[1] ?? '';
    assert.match(readFileSync(file, 'utf8'), 'replicas: -1');
    assert.is(objects.get(app)?.spec.replicas, 3);
  }),
);

test(
  'somebody who was quicker is not overwritten; an editor that fails changes nothing',
  cliScene(async ({ runWith, objects, folder }) => {
    const go = join(folder, 'go');
    const slow = script(
      folder,
      'slow',
      `touch ${go}; while [ -e ${go} ]; do sleep 0.02; done; sed -i "s/replicas: 2/replicas: 7/" "$1"`,
    );
    const editing = runWith({ env: { EDITOR: slow } }, 'edit', 'role/app', '-n', 'shop');
    const { unlinkSync } = await import('node:fs');
    while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 10));
    objects.has(app, { spec: { type: 'nodejs-app', replicas: 4 } });
    unlinkSync(go);
    // the second round is left as it was refused
    while (!existsSync(go)) await new Promise((resolve) => setTimeout(resolve, 10));
    unlinkSync(go);
    const { code, err } = await editing;
    assert.is(code, 1, err);
    assert.is(objects.get(app)?.spec.replicas, 4);
    const failed = await runWith({ env: { EDITOR: 'false' } }, 'edit', 'role/app', '-n', 'shop');
    assert.is(failed.code, 1);
    assert.match(failed.err, /the editor "false" ended with 1: nothing was changed/);
  }),
);

const role = (replicas: number): string =>
  `apiVersion: scalarium.dev/v1\nkind: Role\nmetadata: { name: app, namespace: shop }\nspec: { type: nodejs-app, replicas: ${String(replicas)} }\n`;

test(
  'diff: 0 where nothing differs, 1 where something does, more where it cannot be told',
  cliScene(async ({ runWith, folder, objects }) => {
    const shown = join(folder, 'shown');
    const env = { SCALARIUM_DIFF: `diff -u -N > ${shown}` };
    const own = script(folder, 'own', `diff -u -N "$1" "$2" > ${shown}`);
    const before = objects.revision();
    assert.is((await runWith({ stdin: role(2), env }, 'diff', '-f', '-')).code, 0);
    const other = await runWith({ stdin: role(6), env: { SCALARIUM_DIFF: own } }, 'diff', '-f', '-');
    assert.is(other.code, 1, other.err);
    const text = readFileSync(shown, 'utf8');
    assert.match(text, /^-\s+replicas: 2$/m);
    assert.match(text, /^\+\s+replicas: 6$/m);
    assert.not.match(text, /resourceVersion|uid/);
    assert.is((await runWith({ stdin: role(-6), env }, 'diff', '-f', '-')).code, 2);
    assert.is(
      (await runWith({ stdin: role(6), env: { SCALARIUM_DIFF: 'exit 3;' } }, 'diff', '-f', '-')).code,
      2,
    );
    assert.is(objects.revision(), before);
  }),
);
