#!/bin/sh
# Prints the entries of requirements.lock, hashes and all, of the packages that are named: by the
# arguments, or by lines such as `pillow==13.0.0` on standard input where there are none.
set -eu
lock="$(dirname "$0")/requirements.lock"

if [ $# -gt 0 ]; then printf '%s\n' "$@"; else cat; fi |
  awk '
    FNR == NR { split($1, part, "=="); wanted[part[1]]; next }
    /^[^ ]/ { split($1, part, "=="); shown = part[1] in wanted; found += shown }
    shown
    END { exit found ? 0 : 1 }
  ' - "$lock"
