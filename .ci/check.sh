#!/bin/sh
# Everything that can be judged without running the suite; each check is named, all are tried.
set -u
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"
unset DATABASE_URL MODE VAR_DIR SITE_URL EMAIL_URL || true
status=0

check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        echo "ok    $name"
    else
        echo "FAIL  $name"
        printf '%s\n' "$output" | sed 's/^/      /'
        status=1
    fi
}

# What production would set, with invented values, and no database: this folder's may be a demo.
production() {
    MODE=production DATABASE_URL=sqlite://:memory: ALLOWED_HOSTS=convention.example SITE_URL=https://convention.example \
        SECRET_KEY=$(python -c 'import secrets; print(secrets.token_urlsafe(60))') \
        EMAIL_URL=smtp+tls://user:word@mail.example:587 DEFAULT_FROM_EMAIL=club@mail.example "$@"
}

check "style (ruff)" ruff check .
check "format (ruff)" ruff format --check .
check "types (mypy)" mypy .
check "JavaScript types (tsc)" sh .ci/typescript.sh
check "imports (import-linter)" lint-imports
check "code limits (tests marked code_limits)" pytest -q -p no:cacheprovider -m code_limits tests/test_*.py
check "migrations are complete" python manage.py makemigrations --check --dry-run
check "production settings" production python manage.py check --deploy --fail-level WARNING
check "translations" python .ci/translations.py check
check "licences and lock files" python .ci/licences.py

[ $status = 0 ] && echo "All checks passed." || echo "Some checks failed: see above." >&2
exit $status
