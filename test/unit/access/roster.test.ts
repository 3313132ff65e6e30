import { EMPTY } from 'rxjs';
import { Roster, tokenHash } from '../../../server/access/roster.js';
import type { Live, Objects } from '../../../store/objects/objects.js';
import { live } from '../../build/objects.js';
import { assert, suite } from '../../suite.js';

const test = suite('who counts as a user');

const HASH = tokenHash('scalarium_x');
const TOKENS = { test: { hash: HASH, createdAt: '2026-01-01T00:00:00Z' } };

const rosterOf = (more: Partial<Live>): Roster => {
  const held: readonly Live[] = [
    live('User', 'ana', {}, { status: { tokens: TOKENS }, ...(more as Partial<Live<'User'>>) }),
    live('Grant', 'ana', { user: 'ana', level: 'manage' }, more as Partial<Live<'Grant'>>),
  ];
  const list = (kind: string): readonly Live[] => held.filter(({ ref }) => ref.kind === kind);
  return new Roster({ list, changes$: EMPTY } as unknown as Objects);
};

const known = (roster: Roster): readonly boolean[] => [
  roster.user('ana') !== null,
  roster.token(HASH) !== null,
  roster.isNamed('ana'),
];

for (const [name, more, is] of [
  ['one that is there', {}, true],
  ['one whose deletion is noted', { deletion: { at: '2026-01-01T00:00:00Z', revision: 9 } }, false],
  ['one whose spec key is gone, with no keeper there to note it', { specRevision: 0 }, false],
  ['one whose spec key is the next one of that name', { succeeded: true }, false],
] as const)
  test(`${name}: ${is ? 'counts' : 'opens nothing'}`, () => {
    assert.equal(known(rosterOf(more)), [is, is, is]);
  });
