"""docs/private-api.md lists each module that uses a library's private API, and the test that guards it."""

import re

from tests.conftest import ROOT

LAYERS = ("convention", "schedule", "registrations", "badges")
PRIVATE_API_PATTERN = re.compile(
    r"""
    _prefetched_objects_cache | _result_cache | get_compiler | get_related_populators
    | ModelState | ConnectionProxy | ^from\ django\.db\.backends | models\.expressions\ import\ Col\b
    | super\(\)\._[a-z] | \b(?:canvas|writer)\._
    | allauth[\w.]*\.internal | django_tasks_db\.(?:management|utils|backend)
    | \bvalues\.ValueClass | mmap_key | ^from\ bidi\b | ^import\ uharfbuzz
    """,
    re.VERBOSE | re.MULTILINE,
)
PRIVATE_API_DOCUMENT = (ROOT / "docs" / "private-api.md").read_text()


def find_modules_using_private_api():
    paths = (path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
    return {
        str(path.relative_to(ROOT))
        for path in paths
        if "migrations" not in path.parts and PRIVATE_API_PATTERN.search(path.read_text())
    }


def test_document_lists_modules_that_use_private_api():
    named = set(
        re.findall(r"`((?:convention|schedule|registrations|badges)/[\w/]+\.py)`", PRIVATE_API_DOCUMENT)
    )

    assert named == find_modules_using_private_api()


def test_tests_named_in_document_exist():
    named = re.findall(r"`(tests/[\w/.]+)`", PRIVATE_API_DOCUMENT)

    assert [name for name in named if not (ROOT / name).exists()] == []
