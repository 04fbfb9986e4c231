import { print } from '../terminal/output.js';

type Shell = 'bash' | 'zsh' | 'fish';

/** Prints what a shell is to read. Nothing that was typed is ever run: it is handed over as words. */
export function printScript(shell: Shell): void {
  print(scripts[shell].trim());
}

const scripts: Record<Shell, string> = {
  bash: `
# bash completion for vibe-aigc; the bash of macOS, 3.2, will do
_vibe_aigc() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    COMPREPLY+=("$(printf '%q' "\${line%%$'\\t'*}")")
  done < <(vibe-aigc complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _vibe_aigc vibe-aigc
`,
  zsh: `
#compdef vibe-aigc
_vibe_aigc() {
  local line
  local -a found
  while IFS= read -r line; do
    found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done < <(vibe-aigc complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#found} )); then _describe -V vibe-aigc found; else _files; fi
}
if [ "$funcstack[1]" = "_vibe_aigc" ]; then _vibe_aigc "$@"; else compdef _vibe_aigc vibe-aigc; fi
`,
  fish: `
# fish completion for vibe-aigc
function __vibe_aigc
  set -l words (commandline -opc)
  set -l found (vibe-aigc complete -- $words[2..-1] (commandline -ct) 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c vibe-aigc -f -a '(__vibe_aigc)'
`,
};
