#!/bin/bash
# Runs inside an image build: installs a requirement list into /opt/venv, at the lock's versions and
# from no file whose hash the lock does not name. Neither pip nor uv stays behind, nor do the
# libraries' own tests and C++ headers (a fifth of their size). What is left is compiled by whoever
# calls this, after all that goes is gone: more than a third of the modules are tests.
set -euo pipefail
cd "$(dirname "$0")"

list="$1"
uv=/tmp/installer/bin/uv
python3 -m venv /tmp/installer
./locked.sh <installer.in >/tmp/installer/locked
/tmp/installer/bin/pip install --quiet --no-cache-dir --require-hashes --requirement /tmp/installer/locked

[[ -d /opt/venv ]] || python3 -m venv --without-pip /opt/venv
if [[ "$list" == *.in ]]; then
  "$uv" pip compile --quiet --python /opt/venv/bin/python --no-header --no-annotate \
    --constraint requirements.lock "$list" | ./locked.sh >/tmp/installer/locked
  list=/tmp/installer/locked
fi
"$uv" pip install --python /opt/venv --no-cache --require-hashes --requirement "$list"

find /opt/venv -type d \( -name tests -o -path '*/tensorflow/include' \) -prune -exec rm -rf {} +
rm -rf /tmp/installer
