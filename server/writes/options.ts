/** What the query and the headers of a write say beside its body. */
import * as E from 'fp-ts/lib/Either.js';
import type { Problem } from '../../api-types/problems.js';
import { shown } from '../../api-types/problems.js';
import type { Status } from '../../api-types/status.js';
import type { Asked } from '../door.js';
import { invalid } from '../statuses.js';

export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

export interface WriteOptions {
  /** Who owns what is written: `fieldManager`, else the program's name in User-Agent. */
  readonly manager: string;
  /** Whether `fieldManager` was given. */
  readonly named: boolean;
  /** Everything is done but the writing. */
  readonly dryRun: boolean;
  /** What becomes of fields that the kind does not have: refused, dropped with a warning, dropped. */
  readonly validation: FieldValidation;
  /** An apply takes fields of others over; null: not given. */
  readonly force: boolean | null;
}

const LONGEST_MANAGER = 128;
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** The program of a User-Agent, as Kubernetes takes it: all before the first "/". */
const programOf = (userAgent: string | undefined): string => {
  const [program = ''] = (userAgent ?? '').split('/');
  return program.replace(UNPRINTABLE, '').slice(0, LONGEST_MANAGER).trim() || 'unknown';
};

const managerProblems = (manager: string): readonly Problem[] =>
  manager.length <= LONGEST_MANAGER && PRINTABLE.test(manager)
    ? []
    : [
        {
          path: 'fieldManager',
          expected: `at most ${String(LONGEST_MANAGER)} printable characters`,
          got: shown(manager),
        },
      ];

const oneOfProblem = (path: string, value: string, values: readonly string[]): readonly Problem[] =>
  values.includes(value) ? [] : [{ path, expected: values.join(' or '), got: shown(value) }];

/** `dryRun` of a query, or of DeleteOptions. */
export const dryRunProblems = (values: readonly string[]): readonly Problem[] =>
  values.filter((value) => value !== '').flatMap((value) => oneOfProblem('dryRun', value, ['All']));

const FORCE: Readonly<Record<string, boolean>> = { true: true, '1': true, false: false, '0': false };

/** 422 that names the option. */
export const invalidOptions = (kind: string, problems: readonly Problem[]): Status =>
  invalid(kind, '', problems);

/** The options in the query of a write; Left: one is not of its form. */
export const writeOptions = ({ query, request }: Asked): E.Either<Status, WriteOptions> => {
  const given = query.get('fieldManager') ?? '';
  const dryRun = query.getAll('dryRun').filter((value) => value !== '');
  const validation = query.get('fieldValidation') ?? '';
  const force = query.get('force');
  const problems = [
    ...managerProblems(given),
    ...dryRunProblems(dryRun),
    ...(validation === '' ? [] : oneOfProblem('fieldValidation', validation, ['Strict', 'Warn', 'Ignore'])),
    ...(force === null ? [] : oneOfProblem('force', force, Object.keys(FORCE))),
  ];
  if (problems.length > 0) return E.left(invalidOptions('WriteOptions', problems));
  return E.right({
    manager: given === '' ? programOf(request.headers['user-agent']) : given,
    named: given !== '',
    dryRun: dryRun.length > 0,
    // a field that is lost without anybody having seen a header is a surprise: strict unless told
    validation: validation === '' ? 'Strict' : (validation as FieldValidation),
    force: force === null ? null : (FORCE[force] ?? false),
  });
};
