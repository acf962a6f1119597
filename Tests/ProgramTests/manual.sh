#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The manual page and the shell completions name every command and option that `vfi help` names.
#
#   manual.sh VFI, beside which are vfi.1 and completions/
set -u
program=$(realpath "$1")
folder=$(dirname "$program")
source "$(dirname "$0")/../check.sh"

commands() { "$program" --help | sed -n '/^SUBCOMMANDS:/,$s/^  \([a-z-]*\)  .*/\1/p'; }

# options COMMAND: every spelling, -o and --option alike.
options() {
  "$program" help "$1" | sed -n 's/^  \(-.*\)/\1/p' | sed 's/  .*//' | grep -oE -- '-{1,2}[a-z-]+'
}

# names EACH-LINE-OF IN: all are words of the file.
names() {
  local word missing=0
  while read -r word; do
    grep -qE -- "(^|[^a-z-])$word([^a-z-]|\$)" "$2" || { echo "$word is missing"; missing=1; }
  done < "$1"
  return $missing
}

manual() {
  local page=$folder/vfi.1
  if ! command -v man > /dev/null; then
    skip 'man is not installed'
    return
  fi
  MANWIDTH=100 LC_ALL=C.UTF-8 man -l "$page" | col -b > "$scratch/page"
  for command in $(commands); do
    options "$command" > "$scratch/options"
    check "the manual has every option of $command" names "$scratch/options" "$scratch/page"
    check "the manual has a section on $command" grep -q "^   vfi $command" "$scratch/page"
  done
  LC_ALL=C.UTF-8 man --warnings -l -Tutf8 -Z "$page" 2> "$scratch/warnings" > /dev/null
  check 'man has no warning' diff /dev/null "$scratch/warnings"
  check 'the manual tells the version' grep -q "libvfi $("$program" --version)" "$scratch/page"
  if command -v mandoc > /dev/null; then
    check 'mandoc has no warning' mandoc -T lint -W warning "$page"
  else
    skip 'mandoc is not installed'
  fi
}

# What each shell offers after "vfi COMMAND -", as it loads the installed file.
bash_offers() {
  bash --norc -c '
    source "$1/completions/vfi"
    COMP_WORDS=(vfi "${@:2}") COMP_CWORD=$(($# - 1)) COMP_LINE="vfi ${*:2}" COMP_TYPE=9 COMP_KEY=9
    COMP_POINT=${#COMP_LINE}
    complete -p vfi > /dev/null && _vfi vfi "${COMP_WORDS[COMP_CWORD]}" "$2" > /dev/null
    printf "%s\n" "${COMPREPLY[@]}"' bash "$folder" "$@"
}

fish_offers() {
  fish --no-config -c "source '$folder/completions/vfi.fish'; complete -C 'vfi $*'" | cut -f 1
}

completions() {
  local shell
  for shell in bash fish; do
    if ! command -v $shell > /dev/null; then
      skip "$shell is not installed"
      continue
    fi
    commands > "$scratch/commands"
    ${shell}_offers '' > "$scratch/offered"
    check "$shell offers every command" names "$scratch/commands" "$scratch/offered"
    for command in $(commands); do
      options "$command" > "$scratch/options"
      { ${shell}_offers "$command" -; ${shell}_offers "$command" --; } > "$scratch/offered"
      check "$shell offers every option of $command" names "$scratch/options" "$scratch/offered"
    done
  done
}

# zsh completes in a terminal only: its file must load and name everything.
zsh_completion() {
  local file=$folder/completions/_vfi
  { commands; for command in $(commands); do options "$command"; done; } > "$scratch/words"
  check 'the file for zsh names every command and option' names "$scratch/words" "$file"
  check 'the file for zsh says what it completes' test "$(head -1 "$file")" = '#compdef vfi'
  if command -v zsh > /dev/null; then
    check 'zsh reads its file' zsh -n "$file"
  else
    skip 'zsh is not installed'
  fi
}

check 'there are commands' test "$(commands | wc -l)" -ge 6
check 'there are options' test "$(options interpolate | wc -l)" -ge 15
manual
completions
zsh_completion

report
