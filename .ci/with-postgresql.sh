#!/bin/sh
# with-postgresql.sh COMMAND ...: run a command with DATABASE_URL at a PostgreSQL of its own, thrown away afterwards.
# The cluster lives in a temporary folder on a free port. Exit status 75 if it could not be started, else the command's.
# FSYNC=on keeps writes safe, as a bench wants it; tests do without, and without what only a crash or a large
# database needs (whole pages in the log, compiled queries).
set -u
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin # runuser is there
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
    [ "${FSYNC:-off}" = on ] && hurried= || hurried="-c synchronous_commit=off -c full_page_writes=off -c wal_level=minimal -c max_wal_senders=0 -c jit=off"
    cd /
    as_postgres "$bin/initdb" --no-sync -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 >"$folder.log" 2>&1 &&
        as_postgres "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server.log" -o \
            "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$folder -c fsync=${FSYNC:-off} -c max_connections=200 $hurried" \
            start >>"$folder.log" 2>&1
    started=$?
    cd "$OLDPWD" || return 1
    [ $started = 0 ] || tail -5 "$folder.log" >&2
    return $started
}

stop_postgresql() {
    [ -n "$folder" ] || return 0
    [ ! -d "$folder/data" ] || (cd / && as_postgres "$bin/pg_ctl" -D "$folder/data" -m immediate stop >/dev/null 2>&1)
    rm -rf "$folder" "$folder.log"
    folder=
}
trap stop_postgresql EXIT
trap 'exit 130' INT TERM

start_postgresql || exit 75
DATABASE_URL="postgres://postgres@127.0.0.1:$port/postgres" "$@"
