import * as E from 'fp-ts/lib/Either.js';
import { ROLE_TYPES, RoleSpec } from '../../../api-types/kinds/role.js';
import { decodeStrict, problemText, type Problem } from '../../../api-types/problems.js';
import { assert, suite } from '../../suite.js';

const test = suite('problems name path, expected and got');

const problemsOf = (input: unknown): readonly string[] => {
  const decoded = decodeStrict(RoleSpec, input);
  return E.isLeft(decoded) ? decoded.left.map((problem: Problem) => problemText(problem)) : [];
};

const table = [
  { name: 'a good spec has none', input: { type: 'custom', replicas: 2 }, problems: [] },
  {
    name: 'a negative count',
    input: { type: 'custom', replicas: -1 },
    problems: ['replicas: expected a whole number from 0 to 10000, got -1'],
  },
  {
    name: 'an unknown type',
    input: { type: 'mainframe', replicas: 1 },
    problems: [`type: expected one of ${ROLE_TYPES.join(', ')}, got "mainframe"`],
  },
  {
    name: 'an unknown field, with its path',
    input: { type: 'custom', replicas: 1, healing: { silentSecs: 3 } },
    problems: ['healing.silentSecs: expected a field of this kind, got an unknown field'],
  },
  {
    name: 'a time-out that belongs to Runs',
    input: { type: 'custom', replicas: 1, eventTimeoutSeconds: { undeploy: 60 } },
    problems: ['eventTimeoutSeconds.undeploy: expected a field of this kind, got an unknown field'],
  },
  {
    name: 'a wrong type deep inside',
    input: { type: 'custom', replicas: 1, healing: { maxUnavailable: '25' } },
    problems: ['healing.maxUnavailable: expected a whole number or a percentage as "25%", got "25"'],
  },
  {
    name: 'a missing field',
    input: { type: 'custom' },
    problems: ['replicas: expected a whole number from 0 to 10000, got nothing'],
  },
] as const;

for (const row of table) {
  test(row.name, () => {
    assert.equal(problemsOf(row.input), row.problems);
  });
}
