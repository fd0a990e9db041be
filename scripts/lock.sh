#!/bin/sh
# Writes the lock files anew from pyproject.toml: pins are kept where they still fit; `make lock ARGS=--upgrade` moves them.
#
#   requirements.lock                 what the project needs, one file for all its Pythons and platforms
#   requirements-dev.lock             what the dev group adds to it, at versions that agree with it
#   scripts/requirements-build.lock   what builds the project
#   scripts/requirements-uv.lock      uv, for a machine that has none
#
# Pinned with hashes and without any address: a lock file holds wherever the packages come from.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

compile() {
  UV_CUSTOM_COMPILE_COMMAND='make lock' scripts/bootstrap.sh uv pip compile --quiet --universal --python-version 3.11 \
    --generate-hashes --no-emit-index-url --no-build --output-file "$@"
}

compile requirements.lock pyproject.toml "$@"
compile requirements-dev.lock --group dev --constraints requirements.lock "$@"
# The same words as in [build-system] of pyproject.toml; an installation fails where they disagree.
echo 'hatchling>=1.26' | compile scripts/requirements-build.lock - "$@"
echo 'uv' | compile scripts/requirements-uv.lock - "$@"

if grep -nE 'https?://' requirements.lock requirements-dev.lock scripts/requirements-*.lock; then
  echo "an address got into a lock file" >&2
  exit 1
fi
