/** Secrets that built-in recipes need: made by the control plane where nobody has. */

export interface SecretNeed {
  /** Of the Secret in the cluster. */
  readonly name: string;
  readonly keys: readonly string[];
}
