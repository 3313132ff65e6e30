/** What chef-client's exit codes mean. The code is trusted, not what it prints. */

export interface Verdict {
  /** Null: it is no failure. Else why, for people; empty: what it printed says it. */
  readonly failure: string | null;
  readonly reboot?: boolean;
  readonly warning?: string;
  /** It must be run once more. */
  readonly again?: boolean;
}

const REASONS: Readonly<Record<number, string>> = {
  1: '',
  2: 'it was interrupted',
  3: 'it was terminated',
  41: 'a reboot was asked for, and the shutdown command failed',
  43: 'its configuration file was refused',
  172: 'its licence is not accepted: set the attribute chef.license to "accept", or use Cinc',
};

const VERDICTS: Readonly<Record<number, Verdict>> = {
  0: { failure: null },
  // not a failure, although its log calls it one
  35: { failure: null, reboot: true },
  37: { failure: null, warning: 'Chef says that this host must be rebooted, and did not ask for it' },
  213: { failure: 'it was upgraded during the run, twice', again: true },
};

/** `code` null: it was killed by a signal. */
export const chefVerdict = (code: number | null): Verdict =>
  VERDICTS[code ?? -1] ?? { failure: REASONS[code ?? -1] ?? '' };
