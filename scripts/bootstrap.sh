#!/bin/sh
# Makes .venv from the lock files, with nothing on the machine but a Python 3.11, 3.12 or 3.13.
#
#   scripts/bootstrap.sh install        what requirements.lock names, and this project itself, editable
#   scripts/bootstrap.sh dev            that, and what requirements-dev.lock names
#   scripts/bootstrap.sh uv ARGUMENT... run uv, found or fetched as for the others
#
#   PYTHON   the interpreter that a new .venv is built on (default: the first of python3, python3.13, python3.12,
#            python3.11, python that fits)
#
# The system's Python is only ever run, never installed into: a uv that is missing goes to .uv in this folder. Packages come
# from the index that uv is configured for, else from the one that pip is configured for, else from uv's default.
# What is up to date is left alone, and what somebody added to .venv by hand stays.
# POSIX sh, because a bare machine may have no bash.
set -eu
CDPATH='' cd -- "$(dirname -- "$0")/.."

oldest_uv_minor=7 # of 0.x; older ones do not check the hashes of what builds the project

say() { printf '%s\n' "$*" >&2; }
stop() {
  say "$@"
  exit 1
}

main() {
  case "${1:-}" in
    install) install .venv/.installed -r requirements.lock ;;
    dev) install .venv/.installed-dev -r requirements.lock -r requirements-dev.lock ;;
    uv)
      shift
      prepare_uv
      UV_PYTHON=$python exec "$uv" "$@"
      ;;
    *) stop "usage: scripts/bootstrap.sh install | dev | uv ARGUMENT..." ;;
  esac
}

# install STAMP -r LOCK...: the stamp is written last, so an installation that was cut short is taken up again.
install() {
  stamp=$1
  shift
  wanted=$(fingerprint)
  [ ! -x .venv/bin/python ] || [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
  prepare_uv
  if [ -e .venv ] && ! venv_works; then
    say "The Python of .venv is gone or does not fit, or the folder was moved: making .venv anew"
    rm -rf .venv
  fi
  [ -e .venv ] || "$uv" venv --quiet --python "$python" --prompt genesys .venv
  say "Installing what the lock files pin into .venv"
  pip_install --require-hashes --no-build "$@"
  pip_install --no-deps --reinstall-package genesys-dagster --build-constraints scripts/requirements-build.lock --editable .
  printf '%s\n' "$wanted" >"$stamp"
}

fingerprint() {
  cat requirements.lock requirements-dev.lock scripts/requirements-build.lock pyproject.toml | cksum
  pwd -P
}

# The commands in .venv/bin name their interpreter by its whole path, so the folder may not have moved.
venv_works() {
  fitting_python .venv/bin/python >/dev/null && grep -qsF "$(pwd -P)/.venv" .venv/bin/activate
}

pip_install() {
  if [ -t 2 ]; then set -- --color auto "$@"; else set -- --quiet "$@"; fi # a person is shown the progress
  "$uv" pip install --python .venv/bin/python --compile-bytecode "$@"
}

prepare_uv() {
  find_python
  find_uv
  follow_pip
}

# Prints the real path of the interpreter $1 if it is one that the project runs on.
fitting_python() {
  "$1" -c 'import sys
if not (3, 11) <= sys.version_info[:2] <= (3, 13): sys.exit(1)
print(sys.executable)' 2>/dev/null
}

find_python() {
  if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3 python3.13 python3.12 python3.11 python; fi
  for candidate; do
    python=$(fitting_python "$candidate") && return
  done
  found=$("$1" --version 2>&1) || found="no $1 that runs"
  stop "genesys needs Python 3.11, 3.12 or 3.13, and here is: $found.
Install one of them beside it (Debian, Ubuntu: apt-get install python3.11; Fedora: dnf install python3.12;
macOS: brew install python@3.12) and run make again, or point to one: make install PYTHON=/path/to/python3.12"
}

find_uv() {
  for uv in uv .uv/bin/uv .uv/lib/bin/uv; do
    uv_fits && return
  done
  fetch_uv
}

uv_fits() {
  version=$("$uv" --version 2>/dev/null) || return 1
  version=${version#uv }
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}
  case "$major$minor" in '' | *[!0-9]*) return 1 ;; esac
  [ "$major" -gt 0 ] || [ "$minor" -ge "$oldest_uv_minor" ]
}

# An environment of its own where Python can make one. Where it cannot (Debian without python3-venv), a plain folder, which
# pip fills without touching anything else.
fetch_uv() {
  say "No uv here that is new enough: putting one into .uv (the system's Python stays as it is)"
  rm -rf .uv
  if "$python" -m venv .uv >/dev/null 2>&1; then
    uv=.uv/bin/uv
    pip_install_uv .uv/bin/python
  elif rm -rf .uv && "$python" -m pip --version >/dev/null 2>&1; then
    uv=.uv/lib/bin/uv
    pip_install_uv "$python" --target .uv/lib
  else
    stop "This Python ($python) has neither venv nor pip, so uv cannot be fetched.
Install one of these and run make again:
  Debian, Ubuntu   apt-get install python3-venv
  Fedora           dnf install python3-pip
  Alpine           apk add py3-pip
  macOS            brew install uv
or uv itself in any way that puts it on PATH."
  fi
  uv_fits || stop "The uv that was put into .uv does not run on this machine: install uv in another way, so that it is on PATH."
}

# pip_install_uv PYTHON [ARGUMENT...]: what a user has set for pip must not send it elsewhere.
pip_install_uv() {
  with=$1
  shift
  (
    unset PIP_TARGET PIP_PREFIX PIP_ROOT
    PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore \
      "$with" -m pip install --quiet --require-hashes --only-binary :all: "$@" -r scripts/requirements-uv.lock
  ) || stop "pip could not install uv (its own words are above). Once its index can be reached, run make again."
}

# What pip is told about its index, certificate and patience holds for uv too, unless uv has been told itself.
follow_pip() {
  export UV_PYTHON_DOWNLOADS=never # the interpreter is the machine's own
  export UV_HTTP_TIMEOUT="${UV_HTTP_TIMEOUT:-${PIP_DEFAULT_TIMEOUT:-120}}"
  [ -n "${SSL_CERT_FILE:-}" ] || [ -z "${PIP_CERT:-}" ] || export SSL_CERT_FILE="$PIP_CERT"
  [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}${UV_CONFIG_FILE:-}" ] || return 0
  [ ! -f "${XDG_CONFIG_HOME:-${HOME:-}/.config}/uv/uv.toml" ] && [ ! -f /etc/uv/uv.toml ] || return 0
  index=${PIP_INDEX_URL:-$("$python" -m pip config list 2>/dev/null |
    sed -n "s/^[^=]*[.]index-url='\(.*\)'\$/\1/p" | tail -n 1)}
  [ -z "$index" ] || export UV_DEFAULT_INDEX="$index"
}

main "$@"
