#!/bin/sh
# The suite on SQLite, then on a PostgreSQL of its own that is thrown away. Arguments go to pytest.
# The exit status is 0 only if everything ran and passed.
set -u
cd "$(dirname "$0")/.."
pytest=.venv/bin/pytest
workers=${TEST_WORKERS:-2}
left_out=
status=0
unset DATABASE_URL MODE VAR_DIR SITE_URL EMAIL_URL || true

suite() {
    echo
    echo "== The suite on $1"
    shift
    "$pytest" -n "$workers" --dist worksteal -q "$@"
    ended=$?
    [ $ended = 5 ] && ended=0 # no test was chosen
    [ $ended = 0 ] || status=1
}

# --- a PostgreSQL cluster in a temporary folder, on a free port --------------------------------------
folder=
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

find_postgresql() {
    for found in /usr/lib/postgresql/*/bin "$(dirname "$(command -v initdb 2>/dev/null || echo /nowhere/x)")"; do
        [ -x "$found/initdb" ] && [ -x "$found/pg_ctl" ] && printf '%s\n' "$found"
    done | sort -V | tail -1
}

start_postgresql() {
    bin=$(find_postgresql)
    [ -n "$bin" ] || { echo "PostgreSQL is not installed here." >&2; return 1; }
    if [ "$(id -u)" = 0 ] && ! id postgres >/dev/null 2>&1; then
        echo "There is no user postgres to run PostgreSQL as." >&2
        return 1
    fi
    folder=$(mktemp -d /tmp/convention-postgresql.XXXXXX)
    [ "$(id -u)" != 0 ] || chown postgres "$folder"
    port=$(.venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    as_postgres "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$folder.log" 2>&1 &&
        as_postgres "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server.log" -o \
            "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=off -c max_connections=200" \
            start >>"$folder.log" 2>&1 && return 0
    tail -5 "$folder.log" >&2
    return 1
}

stop_postgresql() {
    [ -n "$folder" ] || return 0
    [ ! -d "$folder/data" ] || as_postgres "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1
    rm -rf "$folder" "$folder.log"
    folder=
}
trap stop_postgresql EXIT
trap 'exit 130' INT TERM

command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    left_out="$left_out; the stories in the browser (no chromium)"

suite SQLite "$@"
if cd / && cd "$OLDPWD" && start_postgresql; then
    export DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres"
    suite PostgreSQL "$@"
else
    left_out="$left_out; the suite on PostgreSQL (it could not be started)"
fi

if [ -n "$left_out" ]; then
    echo "NOT RUN${left_out#;}." >&2
    status=1
fi
[ $status = 0 ] && echo "All passed, on SQLite and PostgreSQL." || echo "Not everything passed: see above." >&2
exit $status
