/** What every answer must be, whatever was asked. */

export interface FuzzAnswer {
  readonly code: number;
  readonly type: string;
  readonly retryAfter: string | null;
  readonly text: string;
}

const STACK = /\n\s+at .+:\d+:\d+|node:internal|\/server\/[a-z-]+\.[jt]s/;

const isStatus = (text: string): boolean => {
  try {
    const value = JSON.parse(text) as { kind?: unknown; code?: unknown; reason?: unknown; message?: unknown };
    return value.kind === 'Status' && typeof value.code === 'number' && typeof value.message === 'string';
  } catch {
    return false;
  }
};

/** Busy is an answer, when it says for how long. */
const mayWait = ({ code, retryAfter }: FuzzAnswer): boolean =>
  [503, 504].includes(code) && retryAfter !== null;

/** Why an answer is not acceptable; null: it is. HEAD has no body to look at. */
export const wrongWith = (method: string, answer: FuzzAnswer): string | null => {
  const { code, text } = answer;
  if (STACK.test(text)) return 'it shows a stack or a source file';
  if (code >= 500 && code !== 501 && !mayWait(answer)) return `it is a ${String(code)}`;
  if (code >= 400 && method !== 'HEAD' && !isStatus(text)) return `${String(code)} without a Status`;
  return null;
};
