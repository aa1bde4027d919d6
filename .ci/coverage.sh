#!/bin/sh
# The suite, or the tests named as arguments, under coverage.py on both databases: prints the least covered modules and the total.
# Processes that tests start are measured too, but for the parsers of uploads, which run without an environment.
set -u
cd "$(dirname "$0")/.."
coverage=.venv/bin/coverage
shown=${COVERAGE_ROWS:-30}

mkdir -p var/coverage
$coverage erase
PYTEST="$coverage run -m pytest" sh .ci/test.sh "$@"
status=$?

# Broken files, of processes that were killed, are only warned about.
$coverage combine --quiet || exit 1
echo
echo "== The $shown least covered modules"
report=$($coverage report --sort=cover) || exit 1
printf '%s\n' "$report" | head -n "$((shown + 2))"
printf '%s\n' "$report" | grep '^TOTAL'
exit $status
