#!/usr/bin/env bash
# Make an environment of its own with TRL, for the tests marked `trl`: they train on the data sets, for a few steps, on the
# CPU. It takes 1.8 GB with a CPU build of torch, hence is never part of `.venv`.
#
#   scripts/setup_trl.sh [FOLDER]        FOLDER is .venv-trl by default; running it again does nothing
#
#   PYTHON            the interpreter to build on (default: .venv/bin/python, else python3)
#   TRL_VERSION       which release of trl (default: 1.14.0)
#   TORCH_VERSION     which release of torch (default: 2.13.0)
#
# pip is used as it is configured on the machine (index, find-links, certificates). Where it is offered a CPU build of torch it
# takes that one, since a local version (+cpu) sorts above the plain one; where not, it takes the plain build.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-.venv-trl}
version=${TRL_VERSION:-}
torch=${TORCH_VERSION:-2.13.0}
stamp="$folder/.complete"
say() { printf 'trl: %s\n' "$*"; }
