import { spawnSync } from 'node:child_process';
import { hasOthersWork, lineOf } from '../../../recipes/roles/command-lines.js';
import { assert, suite } from '../../suite.js';
import { partOf, shop } from './releases.js';
import { theFile } from './texts.js';

const test = suite('command lines of people in start files');

const LINES: readonly (readonly [line: string, isSimple: boolean, hasOthersWork: boolean])[] = [
  ['node server.js --port "$PORT" --to=${HOST}', true, false],
  ['bin/serve', true, false],
  ['npm start', true, true],
  ['/usr/bin/yarn run web', true, true],
  ['cd web && npm start', false, true],
  ['A=1 node server.js', false, true],
  ['if [ -e a ]; then node a.js; fi', false, true],
  ['node server.js | tee log', false, true],
  ['! node server.js', false, true],
  ['exec node server.js', false, false],
];

for (const [line, isSimple, others] of LINES)
  test(line, () => {
    assert.is(lineOf(line), isSimple ? `exec ${line}` : line);
    assert.is(hasOthersWork([lineOf(line)]), others);
  });

test('they do as a shell what they say', () => {
  const said = (line: string): string =>
    spawnSync('/bin/sh', ['-c', `echo begun\n${lineOf(line)}`], { encoding: 'utf8' }).stdout;
  assert.is(said('cd / && pwd'), 'begun\n/\n');
  assert.is(said("A=1 sh -c 'echo $A'"), 'begun\n1\n');
  assert.is(said('echo one; echo two'), 'begun\none\ntwo\n');
  assert.is(said('echo one'), 'begun\none\n');
});

test('all processes of such a service are asked to end', async () => {
  const web = { command: 'cd web && npm start' };
  const snapshot = shop('nodejs-app', 'nodejs', { processes: { web, worker: { command: 'A=1 node w.js' } } });
  for (const { unit = '' } of partOf(snapshot).services) assert.match(unit, '\nKillMode=control-group\n');
  const start = await theFile(snapshot, 'app-1', '/etc/scalarium/applications/shop.start');
  assert.match(start, 'export PORT=8080\ncd web && npm start\n');
  const plain = shop('nodejs-app', 'nodejs', { processes: { web: { command: 'node server.js' } } });
  assert.match(partOf(plain).services[0]?.unit ?? '', '\nKillMode=mixed\n');
});
