#!/usr/bin/env bash
# Make an environment of its own with TRL, for the tests marked `trl`, which train on the data sets for a few steps on the
# CPU. It takes 1.5 GB, 5 with a plain torch, hence is never part of `.venv`.
#
#   scripts/setup_trl.sh [FOLDER]        FOLDER is .venv-trl by default; running it again does nothing
#
#   PYTHON            the interpreter to build on (default: .venv/bin/python, else python3)
#   TRL_VERSION       which release of trl (default: 1.16.0)
#   TORCH_VERSION     which release of torch (default: 2.13.0)
#
# pip is used as it is configured on the machine (index, find-links, certificates). Where it is offered a CPU build of torch it
# takes that one, since a local version (+cpu) sorts above the plain one; where not, it takes the plain build.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-.venv-trl}
trl=${TRL_VERSION:-1.16.0}
torch=${TORCH_VERSION:-2.13.0}
stamp="$folder/.complete"
say() { printf 'trl: %s\n' "$*"; }

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$trl $torch" ] && [ -x "$folder/bin/python" ]; then
  say "$folder already holds trl $trl on torch $torch"
  exit 0
fi

python=${PYTHON:-.venv/bin/python}
[ -n "${PYTHON:-}" ] || [ -x "$python" ] || python=python3
if [ ! -x "$folder/bin/pip" ]; then
  say "making $folder with $("$python" --version)"
  "$python" -m venv --clear "$folder" || {
    say "this Python cannot make environments: install its venv package (Debian: apt-get install python3-venv), or set PYTHON" >&2
    exit 1
  }
fi
say "installing trl $trl on torch $torch (minutes)"
"$folder/bin/python" -m pip --disable-pip-version-check install "torch==$torch" "trl==$trl" transformers datasets \
  >"$folder/pip.log" 2>&1 || {
  tail -n 40 "$folder/pip.log" >&2
  say "pip failed; the whole log is $folder/pip.log" >&2
  exit 1
}

say "checking that it imports"
"$folder/bin/python" -c 'import torch, trl; print("trl: trl", trl.__version__, "on torch", torch.__version__)' 2>"$folder/import.log" || {
  cat "$folder/import.log" >&2
  exit 1
}
printf '%s' "$trl $torch" > "$stamp"
say "done: $folder takes $(du -sh "$folder" | cut -f1)"
