import { coloured, wantsColour } from '../../../cli/colour.js';
import { assert, suite } from '../../suite.js';

const test = suite('colours');

const ROWS = [
  { name: 'a terminal', env: { TERM: 'xterm' }, terminal: true, wants: true },
  { name: 'a pipe', env: { TERM: 'xterm' }, terminal: false, wants: false },
  { name: 'a dumb terminal', env: { TERM: 'dumb' }, terminal: true, wants: false },
  { name: 'NO_COLOR', env: { NO_COLOR: '1', FORCE_COLOR: '1' }, terminal: true, wants: false },
  { name: 'an empty NO_COLOR says nothing', env: { NO_COLOR: '' }, terminal: true, wants: true },
  { name: 'FORCE_COLOR into a pipe', env: { FORCE_COLOR: '1' }, terminal: false, wants: true },
  { name: 'FORCE_COLOR=0', env: { FORCE_COLOR: '0' }, terminal: true, wants: false },
] as const;

for (const { name, env, terminal, wants } of ROWS)
  test(name, () => {
    assert.is(wantsColour(env, terminal), wants);
  });

test('phases and conditions have colours, names never', () => {
  assert.is(coloured('PHASE', 'online'), '\u001b[32monline\u001b[0m');
  assert.is(coloured('READY', 'False'), '\u001b[31mFalse\u001b[0m');
  assert.is(coloured('NAME', 'online'), 'online');
});
