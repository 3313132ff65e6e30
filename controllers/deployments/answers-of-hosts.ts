/** What became of what a host was told: its answer, or that it cannot answer any more. Pure. */
import type { DeploymentHost } from '../../api-types/kinds/deployment.js';
import type { EventResult } from '../../api-types/kinds/lifecycle-event.js';
import { seconds } from '../../api-types/units.js';
import type { Course } from './course.js';

/** The agent cuts off after the time-out; its word has this long to arrive. */
const GRACE = seconds(30);

export type Verdict =
  | { readonly _tag: 'Pending' }
  | { readonly _tag: 'Done'; readonly result: EventResult }
  /** `result` null: nobody knows what it has done. */
  | { readonly _tag: 'Failed'; readonly message: string; readonly result: EventResult | null }
  /** Its machine went: that says nothing of the release. */
  | { readonly _tag: 'Lost'; readonly message: string };

const PENDING: Verdict = { _tag: 'Pending' };

const failureIn = ({ stage, message }: EventResult): string => {
  const said = message ?? 'it failed without a message';
  return stage === undefined ? said : `${stage}: ${said}`;
};

const OF_RESULT: Readonly<Record<EventResult['state'], (result: EventResult) => Verdict>> = {
  succeeded: (result) => ({ _tag: 'Done', result }),
  failed: (result) => ({ _tag: 'Failed', message: failureIn(result), result }),
  superseded: () => ({ _tag: 'Lost', message: 'it was told to shut down' }),
};

/** Milliseconds until it has failed for want of an answer. */
const patience = (course: Course, host: DeploymentHost): number =>
  seconds(course.timeoutSeconds) + GRACE - course.waitedFor(host);

/** What the host said to what it was told last. */
export const verdictOf = (course: Course, name: string, host: DeploymentHost): Verdict => {
  const result = host.event === undefined ? undefined : course.view.answerTo(host.event, host.machine);
  if (result !== undefined) return OF_RESULT[result.state](result);
  if (!course.isThere(name))
    return { _tag: 'Lost', message: `its machine ${host.machine} went before it answered` };
  const left = patience(course, host);
  if (left <= 0) {
    const message = `no answer within ${String(course.timeoutSeconds)} s`;
    return { _tag: 'Failed', message, result: null };
  }
  course.wait(left, 'hosts are to answer');
  return PENDING;
};
