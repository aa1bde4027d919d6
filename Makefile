# The commands of this project; docs/developers.md says more.
#   make run         set up, migrate, seed once, start server and worker (PORT=8000, LAN=1 for https on the local network)
#   make test        the suite, on SQLite and on PostgreSQL
#   make test-long   the tests that take several seconds each, likewise; CI runs both
#   make check       linters, types (Python and JavaScript), code limits, settings, translations, licences
#   make coverage    the suite with coverage.py: the least covered modules and the total (TESTS="tests/schedule -n 1" for some)
#   make audit       looks up the packages in the public lists of known vulnerabilities (needs a network)
#   make clean       removes what set-up installed and made; make erase-data: the database, uploads and keys, after asking
#   make soak        the full sizes; make bench: against this machine's floor; make screenshots: pictures of the pages

PORT ?= 8000
PYTHON_IN_VENV = .venv/bin/python
export PORT

.PHONY: run setup test test-long coverage soak bench check audit screenshots clean erase-data

run: setup
	@exec $(PYTHON_IN_VENV) manage.py serve --port "$(PORT)" $(if $(filter-out 0 no off false,$(LAN)),--lan)

setup:
	@sh .ci/setup.sh run

test:
	@sh .ci/setup.sh test
	@sh .ci/test.sh -m "not soak and not long and not code_limits"

test-long:
	@sh .ci/setup.sh test
	@sh .ci/test.sh -m "long and not soak"

coverage:
	@sh .ci/setup.sh test
	@sh .ci/coverage.sh $(TESTS)

soak:
	@sh .ci/setup.sh test
	@sh .ci/test.sh -m soak -o timeout=3600

bench:
	@sh .ci/setup.sh test
	@FSYNC=on .ci/with-postgresql.sh $(PYTHON_IN_VENV) -m tests.bench

check:
	@sh .ci/setup.sh check
	@sh .ci/check.sh

audit:
	@sh .ci/setup.sh audit
	@$(PYTHON_IN_VENV) .ci/audit.py

screenshots:
	@sh .ci/setup.sh test
	@$(PYTHON_IN_VENV) -m tests.screenshots

clean:
	rm -rf .venv .venv-audit node_modules static-root screenshots .schemathesis

erase-data:
	@printf 'This deletes the database, uploaded files, e-mails and keys in %s/var for good. Type "erase" to go on: ' "$(CURDIR)"
	@read -r answer || true; [ "$$answer" = erase ] || { echo "Nothing was deleted."; exit 1; }
	rm -rf var
