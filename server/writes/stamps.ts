/** Annotations that say who did something: the server writes them, whatever a client says. */
import * as E from 'fp-ts/lib/Either.js';
import { type ApplicationLock, LOCK, MADE_BY } from '../../api-types/kinds/deployment.js';
import type { Problem } from '../../api-types/problems.js';
import { timestamp } from '../../runtime/clock.js';
import type { Live, Ref, SpecDocument } from '../../store/objects/objects.js';
import type { Writing } from './writing.js';

type Annotations = Readonly<Record<string, string>>;

/** A null takes the annotation away. */
const withOne = (document: SpecDocument, name: string, value: string | null): SpecDocument => {
  const others = Object.entries(document.annotations ?? {}).filter(([key]) => key !== name);
  return {
    ...document,
    annotations: Object.fromEntries(value === null ? others : [...others, [name, value]]),
  };
};

/** Who made it stays who made it. */
const madeBy = ({ caller }: Writing, document: SpecDocument, before: Annotations | null): SpecDocument =>
  withOne(document, MADE_BY, before === null ? caller.user : (before[MADE_BY] ?? null));

/** The reason in the annotation of a lock: in our JSON, or, as somebody types it, the whole text. */
const reasonIn = (text: string): string => {
  try {
    const { reason } = JSON.parse(text) as Partial<ApplicationLock>;
    return typeof reason === 'string' ? reason.trim() : text.trim();
  } catch {
    return text.trim();
  }
};

const LONGEST_REASON = 500;

const reasonProblem = (reason: string): readonly Problem[] => {
  if (reason !== '' && reason.length <= LONGEST_REASON) return [];
  const expected = `a reason of 1 to ${String(LONGEST_REASON)} characters`;
  const got = reason === '' ? 'nothing' : `${String(reason.length)} characters`;
  return [{ path: `metadata.annotations.${LOCK}`, expected, got }];
};

/** Whoever locks is who says why; the same reason again is the same lock. */
const locked = (
  { caller, context }: Writing,
  document: SpecDocument,
  before: Annotations,
): E.Either<readonly Problem[], SpecDocument> => {
  const sent = document.annotations?.[LOCK];
  const held = before[LOCK];
  if (sent === undefined || sent === held) return E.right(document);
  const reason = reasonIn(sent);
  const problems = reasonProblem(reason);
  if (problems.length > 0) return E.left(problems);
  if (held !== undefined && reasonIn(held) === reason) return E.right(withOne(document, LOCK, held));
  const lock: ApplicationLock = { reason, by: caller.user, at: timestamp(context.clock.now()) };
  return E.right(withOne(document, LOCK, JSON.stringify(lock)));
};

/** The document with what the server says of who writes it; `before`: the object that is changed. */
export const stamped = (
  writing: Writing,
  { kind }: Pick<Ref, 'kind'>,
  document: SpecDocument,
  before: Live | null,
): E.Either<readonly Problem[], SpecDocument> => {
  if (kind === 'Deployment') return E.right(madeBy(writing, document, before?.annotations ?? null));
  if (kind === 'Application') return locked(writing, document, before?.annotations ?? {});
  return E.right(document);
};
