#!/bin/sh
# Write the lock files from pyproject.toml, with hashes and without addresses: `sh .ci/lock.sh [--upgrade]`. Needs uv.
set -eu
cd "$(dirname "$0")/.."
compile() { # compile LOCK FROM...
    lock=$1; shift
    uv pip compile --quiet --python-version 3.13 --universal --generate-hashes --no-header --no-annotate "$@" -o "$lock"
}
compile requirements.txt pyproject.toml "$@"
compile requirements-dev.txt pyproject.toml --group dev "$@"
compile requirements-node.txt --group node "$@"
compile .ci/requirements-audit.txt .ci/requirements-audit.in "$@"
