# SPDX-License-Identifier: MIT
# What the shell suites count with. Sourced; makes the folder $scratch, which goes at the end.

passed=0 failed=0 skipped=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# fail NAME: counts it, and says so.
fail() {
  failed=$((failed + 1))
  printf '%s: FAILED: %s\n' "${0#*Tests/}" "$1"
}

# check NAME COMMAND...: passes when the command does; what it said stays in $scratch/log.
check() {
  local name=$1
  shift
  if "$@" > "$scratch/log" 2>&1; then
    passed=$((passed + 1))
  else
    fail "$name"
    tail -20 "$scratch/log"
    return 1
  fi
}

# is NAME ACTUAL WANTED
is() {
  if [[ $2 == "$3" ]]; then
    passed=$((passed + 1))
  else
    fail "$1"
    printf '  wanted: %s\n  got:    %s\n' "$(short "$3")" "$(short "$2")"
  fi
}

# The first lines of a text.
short() { printf '%s' "$1" | head -n 4 | paste -sd ' '; }

# has NAME TEXT PART
has() {
  if [[ $2 == *"$3"* ]]; then
    passed=$((passed + 1))
  else
    fail "$1"
    printf '  wanted a text with: %s\n  got: %s\n' "$3" "$2"
  fi
}

# counted NAME COMMAND...: adds what a test program counts; its last line is "N passed, N failed".
counted() {
  local name=$1 status
  shift
  "$@" > "$scratch/log" 2>&1
  status=$?
  if [[ $(tail -1 "$scratch/log") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    head -n -1 "$scratch/log" | head -40
    passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
    # What the sanitizers find is told by the status alone.
    if [[ $status != 0 && ${BASH_REMATCH[2]} == 0 ]]; then fail "$name: status $status"; fi
  else
    fail "$name ended without a result, status $status"
    tail -20 "$scratch/log"
  fi
}

# skip REASON: something cannot be tested.
skip() {
  skipped=$((skipped + 1))
  echo "skipped: $1"
}

# not COMMAND...: for a check that passes when the command fails.
not() { ! "$@"; }

# The last line of a suite, and its exit status.
report() {
  echo "$passed passed, $failed failed, $skipped skipped"
  [[ $failed == 0 ]]
  exit
}
