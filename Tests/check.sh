# SPDX-License-Identifier: MIT
# What the shell suites count with. Sourced; makes the folder $scratch, which goes at the end.

passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# check NAME COMMAND...: passes when the command does; what it said stays in $scratch/log.
check() {
  local name=$1
  shift
  if "$@" > "$scratch/log" 2>&1; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf '%s: FAILED: %s\n' "${0#*Tests/}" "$name"
    tail -20 "$scratch/log"
    return 1
  fi
}

# skip TOOL: something cannot be tested without it.
skip() {
  skipped=$((skipped + 1))
  echo "$1 is not installed"
}

# not COMMAND...: for a check that passes when the command fails.
not() { ! "$@"; }

# The last line of a suite, and its exit status.
report() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [[ $failed == 0 ]]
  exit
}
