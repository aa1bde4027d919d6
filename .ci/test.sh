#!/bin/sh
# The suite on SQLite, then on a PostgreSQL of its own that is thrown away. Arguments go to pytest.
# PYTEST names another command than pytest alone (.ci/coverage.sh). The exit status is 0 only if everything ran and passed.
set -u
cd "$(dirname "$0")/.."
pytest=${PYTEST:-.venv/bin/pytest}
# One more than processors: tests also wait, for browsers, timeouts and other processes.
workers=${TEST_WORKERS:-$(($(getconf _NPROCESSORS_ONLN) + 1))}
left_out=
status=0
unset DATABASE_URL MODE VAR_DIR SITE_URL EMAIL_URL || true
unset PYTHONDONTWRITEBYTECODE || true # a hundred processes would compile the whole project again

suite() { # suite NAME COMMAND ...
    echo
    echo "== The suite on $1"
    shift
    "$@"
    ended=$?
    [ $ended = 5 ] && ended=0 # no test was chosen
    return $ended
}

command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null ||
    command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    left_out="$left_out; the stories in the browser (no chromium)"

# shellcheck disable=SC2086 (a command with its arguments)
set -- $pytest -n "$workers" --dist worksteal -q "$@"
suite SQLite "$@" || status=1
suite PostgreSQL .ci/with-postgresql.sh "$@"
case $? in
0) ;;
75) left_out="$left_out; the suite on PostgreSQL (it could not be started)" ;;
*) status=1 ;;
esac

if [ -n "$left_out" ]; then
    echo "NOT RUN${left_out#;}." >&2
    status=1
fi
[ $status = 0 ] && echo "All passed, on SQLite and PostgreSQL." || echo "Not everything passed: see above." >&2
exit $status
