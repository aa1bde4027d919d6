"""docs/private-api.md lists each module that uses a library's private API, and the test that guards it."""

import re

from tests.conftest import ROOT

LAYERS = ("convention", "schedule", "registrations", "badges")
PRIVATE_API_PATTERN = re.compile(
    r"""
    _prefetched_objects_cache | _result_cache | get_compiler | get_related_populators
    | compiler\.select\b | klass_info | annotation_col_map | get_converters | get_db_converters
    | query\.exists\(\) | wrap_database_errors | connection\.connection\b
    | _get_session_from_db | self\._session_key
    | ModelState | ConnectionProxy | ^from\ django\.db\.backends | models\.expressions\ import\ Col\b
    | super\(\)\._[a-z]\w* | \b(?:canvas|writer)\._
    | allauth[\w.]*\.internal | django_tasks_db\.(?:management|utils|backend)
    | \bvalues\.ValueClass | mmap_key | ^from\ bidi\b | ^import\ uharfbuzz
    """,
    re.VERBOSE | re.MULTILINE,
)
PRIVATE_API_DOCUMENT = (ROOT / "docs" / "private-api.md").read_text()


def find_private_api():
    """Return each module that uses private parts of libraries, with these."""
    paths = (path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
    return {
        str(path.relative_to(ROOT)): set(found)
        for path in paths
        if "migrations" not in path.parts and (found := PRIVATE_API_PATTERN.findall(path.read_text()))
    }


def test_document_lists_modules_that_use_private_api():
    named = set(
        re.findall(r"`((?:convention|schedule|registrations|badges)/[\w/]+\.py)`", PRIVATE_API_DOCUMENT)
    )

    assert named == set(find_private_api())


def test_document_names_parts_of_django_that_a_module_uses():
    rows = [line.split("|") for line in PRIVATE_API_DOCUMENT.splitlines() if "| Django: " in line]
    used = find_private_api()
    unnamed = {
        (module, name)
        for _start, modules, parts, *_rest in rows
        for module in re.findall(r"`([\w/]+\.py)`", modules)
        for found in used[module]
        # `from ...` names a module; the row names what is imported from it.
        if not found.startswith("from ") and (name := re.findall(r"\w+", found)[-1]) not in parts
    }

    assert unnamed == set()


def test_tests_named_in_document_exist():
    named = re.findall(r"`(tests/[\w/.]+)`", PRIVATE_API_DOCUMENT)

    assert [name for name in named if not (ROOT / name).exists()] == []
