/** Completion scripts: each asks `scalarium __complete` what could stand where the cursor is. */

const bash = `# scalarium completion for bash
_scalarium() {
  local line="\${COMP_LINE:0:COMP_POINT}" current reply IFS
  local -a words
  set -f; IFS=$' \\t'; words=($line); set +f
  [[ "$line" == *[[:space:]] ]] && words+=("")
  current="\${words[\${#words[@]}-1]}"
  reply="$("\${words[0]}" __complete -- "\${words[@]:1}" 2>/dev/null)"
  IFS=$'\\n'
  if [[ "$reply" == ":files" ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
    return
  fi
  set -f; COMPREPLY=($reply); set +f
  # readline breaks words at "=" and ":", and replaces only what is behind
  if [[ "$current" == *[=:]* ]]; then
    local broken="\${current%"\${current##*[=:]}"}"
    COMPREPLY=("\${COMPREPLY[@]#"$broken"}")
  fi
  [[ \${#COMPREPLY[@]} -eq 1 && "\${COMPREPLY[0]}" == *[=/] ]] && compopt -o nospace 2>/dev/null
}
complete -F _scalarium scalarium
`;

const zsh = `#compdef scalarium
_scalarium() {
  local -a found
  found=("\${(@f)$(\${words[1]} __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${found[1]}" == ":files" ]]; then
    _files
  else
    compadd -a found
  fi
}
compdef _scalarium scalarium
`;

const fish = `# scalarium completion for fish
function __scalarium_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l found ($words[1] __complete -- $words[2..-1] 2>/dev/null)
    if test "$found[1]" = ":files"
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $found
    end
end
complete -c scalarium -f -a '(__scalarium_complete)'
`;

const SCRIPTS: Readonly<Record<string, string>> = { bash, zsh, fish };

/** The script of a shell; null: not one we know. */
export const completionFor = (shell: string): string | null =>
  Object.hasOwn(SCRIPTS, shell) ? (SCRIPTS[shell] ?? null) : null;
