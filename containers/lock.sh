#!/bin/bash
# Writes requirements.lock anew: one set of versions for images and development, each with the
# hashes of all its files. What GPUs need beside it stands in tensorflow-cuda.lock: nobody wants
# 3 GB of CUDA on a laptop.
# Pass --upgrade to take newer versions; without it, pins that still fit stay.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v uv >/dev/null; then
  echo "lock: expected uv on PATH; found none. Install it: pip install uv" >&2
  exit 2
fi

# Universal: the same lock serves Linux and macOS; markers choose tensorflow-cpu or tensorflow.
# A wheel asks for tensorflow everywhere, or its extra for GPUs could not add CUDA to it; here and
# in images tensorflow-cpu takes its place, at half the size.
uv pip compile --quiet --universal --python-version 3.11 --extra dev --extra onnx --extra explanations \
  --constraints containers/constraints.txt \
  --overrides <(grep '^tensorflow;' containers/tensorflow.in) \
  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --annotation-style line \
  --output-file containers/requirements.lock "$@" \
  pyproject.toml containers/data.in containers/deploy.in containers/tensorflow.in \
  containers/tune.in containers/export.in containers/evaluate.in containers/installer.in

# The project is for Python 3.11 alone; uv knows no way to say so here.
lock="$(awk '/^[^ ]/ { other = /python_full_version >= .3\.12./ } !other' containers/requirements.lock)"
sed "s/ ; python_full_version < '3.12'//; s#--override /dev/fd/[0-9]*, ##" <<<"$lock" >containers/requirements.lock

# A part of the lock: what the server's image needs, by its own list.
uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate \
  --constraints containers/requirements.lock containers/serving.in |
  containers/locked.sh | grep -v '^    # via' >containers/serving.lock

# The same TensorFlow as everywhere else; its pin there is for other machines than these.
uv pip compile --quiet --python-platform x86_64-manylinux_2_28 --python-version 3.11 \
  --constraints containers/requirements.lock \
  --constraints <(sed -n 's/^tensorflow-cpu==\([^ ]*\).*/tensorflow==\1/p' containers/requirements.lock) \
  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
  --output-file containers/tensorflow-cuda.lock "$@" containers/tensorflow-cuda.in

# Beam needs pyarrow below 26 and pillow below 13. All that it shares with us is as it is with us.
uv pip compile --quiet --universal --python-version 3.11 \
  --constraints <(sed -n '/^pyarrow==\|^pillow==/d; s/^\([a-z0-9].*==[^\\]*\).*/\1/p' containers/requirements.lock) \
  --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-annotate \
  --output-file containers/beam.lock "$@" containers/beam.in containers/data.in
