/** Completion scripts: verbs, kinds, options and (asked of the control plane) names. */

export interface Completable {
  readonly verbs: readonly { readonly name: string; readonly summary: string }[];
  readonly kinds: readonly string[];
}

/** Verbs whose first argument is a kind. */
const WITH_KIND = ['get', 'describe', 'delete'];
const OPTIONS = ['--namespace', '--data', '--server', '--token', '--help'];

const bash = ({ verbs, kinds }: Completable): string => `# scalarium completion for bash
_scalarium() {
  local word="\${COMP_WORDS[COMP_CWORD]}" verb="\${COMP_WORDS[1]}" kind="\${COMP_WORDS[2]}"
  if [[ "$word" == -* ]]; then
    COMPREPLY=($(compgen -W "${OPTIONS.join(' ')}" -- "$word"))
  elif [[ $COMP_CWORD -eq 1 ]]; then
    COMPREPLY=($(compgen -W "${verbs.map(({ name }) => name).join(' ')}" -- "$word"))
  elif [[ " ${WITH_KIND.join(' ')} " == *" $verb "* && $COMP_CWORD -eq 2 ]]; then
    COMPREPLY=($(compgen -W "${kinds.join(' ')}" -- "$word"))
  elif [[ " ${WITH_KIND.join(' ')} " == *" $verb "* ]]; then
    COMPREPLY=($(compgen -W "$(scalarium get "$kind" -o name 2>/dev/null | cut -d/ -f2)" -- "$word"))
  else
    COMPREPLY=($(compgen -f -- "$word"))
  fi
}
complete -F _scalarium scalarium
`;

const quoted = (text: string): string => text.replaceAll("'", "'\\\\''");

const zsh = ({ verbs, kinds }: Completable): string => `#compdef scalarium
_scalarium() {
  local -a verbs
  verbs=(
${verbs.map(({ name, summary }) => `    '${name}:${quoted(summary)}'`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe 'verb' verbs
  elif (( CURRENT == 3 )) && [[ " ${WITH_KIND.join(' ')} " == *" \${words[2]} "* ]]; then
    compadd ${kinds.join(' ')}
  elif [[ " ${WITH_KIND.join(' ')} " == *" \${words[2]} "* ]]; then
    compadd $(scalarium get "\${words[3]}" -o name 2>/dev/null | cut -d/ -f2)
  else
    _files
  fi
}
compdef _scalarium scalarium
`;

const fish = ({ verbs, kinds }: Completable): string =>
  [
    '# scalarium completion for fish',
    ...verbs.map(
      ({ name, summary }) =>
        `complete -c scalarium -n __fish_use_subcommand -f -a ${name} -d '${quoted(summary)}'`,
    ),
    `complete -c scalarium -n '__fish_seen_subcommand_from ${WITH_KIND.join(' ')}; and test (count (commandline -opc)) -eq 2' -f -a '${kinds.join(' ')}'`,
    `complete -c scalarium -n '__fish_seen_subcommand_from ${WITH_KIND.join(' ')}; and test (count (commandline -opc)) -ge 3' -f -a '(scalarium get (commandline -opc)[3] -o name 2>/dev/null | string split -f2 /)'`,
    '',
  ].join('\n');

/** The script of a shell; null: not one we know. */
export const completionFor = (shell: string, what: Completable): string | null => {
  const scripts: Readonly<Record<string, (what: Completable) => string>> = { bash, zsh, fish };
  return Object.hasOwn(scripts, shell) ? (scripts[shell]?.(what) ?? null) : null;
};
