#!/bin/bash
# Runs inside an image build: installs requirement lists into /opt/venv at the lock's versions.
# Neither pip nor uv stays behind, nor do the libraries' own tests and C++ headers (a fifth of
# their size).
set -euo pipefail
cd "$(dirname "$0")"

python3 -m venv /tmp/installer
/tmp/installer/bin/pip install --quiet --no-cache-dir \
  --constraint requirements.lock --requirement installer.in

[[ -d /opt/venv ]] || python3 -m venv --without-pip /opt/venv
/tmp/installer/bin/uv pip install --python /opt/venv --no-cache --compile-bytecode \
  --constraint requirements.lock "${@/#/--requirement=}"

find /opt/venv -type d \( -name tests -o -path '*/tensorflow/include' \) -prune -exec rm -rf {} +
rm -rf /tmp/installer
