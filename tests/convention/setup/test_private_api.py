"""docs/private-api.md names each module that uses a private part of a library, and the test that notices."""

import re

from tests.conftest import ROOT

LAYERS = ("convention", "schedule", "registrations", "badges")
PRIVATE = re.compile(
    r"""
    _prefetched_objects_cache | _result_cache | get_compiler | get_related_populators
    | ModelState | ConnectionProxy | ^from\ django\.db\.backends | models\.expressions\ import\ Col\b
    | super\(\)\._[a-z] | \b(?:canvas|writer)\._
    | allauth[\w.]*\.internal | django_tasks_db\.(?:management|utils|backend)
    | \bvalues\.ValueClass | mmap_key | ^from\ bidi\b | ^import\ uharfbuzz
    """,
    re.VERBOSE | re.MULTILINE,
)
PAGE = (ROOT / "docs" / "private-api.md").read_text()


def modules_with_private_parts():
    paths = (path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
    return {
        str(path.relative_to(ROOT))
        for path in paths
        if "migrations" not in path.parts and PRIVATE.search(path.read_text())
    }


def test_the_page_names_the_modules_that_use_private_parts():
    named = set(re.findall(r"`((?:convention|schedule|registrations|badges)/[\w/]+\.py)`", PAGE))

    assert named == modules_with_private_parts()


def test_the_tests_that_it_names_are_there():
    named = re.findall(r"`(tests/[\w/.]+)`", PAGE)

    assert [name for name in named if not (ROOT / name).exists()] == []
