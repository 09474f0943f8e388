#!/bin/bash
# Makes a Python base image without any registry: Debian packages into a root filesystem,
# imported into Docker. For companies and CI machines that cannot pull images.
#
#   containers/python_base.sh [TAG]      default: sightline/python:debian-bookworm
#
# DEBIAN_MIRROR  where packages come from (default: Debian's own, with security updates)
# CA_BUNDLE      certificates that the image trusts (default: this machine's bundle), so that
#                builds and stages work behind a proxy that signs with a company's own authority
set -euo pipefail

tag="${1:-sightline/python:debian-bookworm}"
ca_bundle="${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}"

fail() {
  echo "python_base: $1" >&2
  exit 2
}

command -v mmdebstrap >/dev/null ||
  fail "expected the command mmdebstrap; found none. Install it: apt-get install mmdebstrap"
docker version >/dev/null 2>&1 ||
  fail "expected a Docker engine that answers; none does. Start it, or see: docker version"
[[ -r "$ca_bundle" ]] ||
  fail "expected a certificate bundle at $ca_bundle; found none. Install ca-certificates or set CA_BUNDLE"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# Documentation and translations are a third of a minimal Debian, and no stage reads them.
mmdebstrap --quiet --variant=minbase \
  --include=ca-certificates,python3,python3-venv \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook="upload '$ca_bundle' /etc/ssl/certs/ca-certificates.crt" \
  bookworm "$work/root.tar" ${DEBIAN_MIRROR:+"$DEBIAN_MIRROR"}

docker import \
  --change 'ENV LANG=C.UTF-8' \
  --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' \
  --change 'ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt' \
  --change 'ENV REQUESTS_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt' \
  --change 'CMD ["python3"]' \
  "$work/root.tar" "$tag" >/dev/null
echo "$tag"
