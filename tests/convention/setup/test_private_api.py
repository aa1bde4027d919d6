"""docs/private-api.md lists each module that uses a library's private API, and the test that guards it."""

import ast
import re
from pathlib import Path

from tests.conftest import ROOT

LAYERS = ("convention", "schedule", "registrations", "badges")
PRIVATE_API_PATTERN = re.compile(
    r"""
    _prefetched_objects_cache | _result_cache | get_compiler | get_related_populators
    | compiler\.select\b | klass_info | annotation_col_map | get_converters | get_db_converters
    | query\.exists\(\) | wrap_database_errors | connection\.connection\b
    | ModelState | ConnectionProxy | ^from\ django\.db\.backends | models\.expressions\ import\ Col\b
    | super\(\)\._[a-z]\w*
    | allauth[\w.]*\.internal | django_tasks_db\.(?:management|utils|backend)
    | \bvalues\.ValueClass | mmap_key | ^from\ bidi\b | ^import\ uharfbuzz
    """,
    re.VERBOSE | re.MULTILINE,
)
PRIVATE_API_DOCUMENT = (ROOT / "docs" / "private-api.md").read_text()


# Named in the documentation of Django, Python, lxml and fontTools although they begin with an underscore.
DOCUMENTED_NAMES = {
    *("_meta", "_state", "_db", "_base_manager", "_default_manager", "_open", "_save"),
    *("_asdict", "_make", "_replace", "_fields", "_Element", "_moveTo", "_lineTo", "_curveToOne"),
}


def list_modules() -> list[Path]:
    paths = [path for layer in LAYERS for path in (ROOT / layer).rglob("*.py")]
    return [path for path in paths if "migrations" not in path.parts]


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED_NAMES


def find_names(tree: ast.AST) -> tuple[set[str], set[str], set[str]]:
    """Return private names that a module defines, that its classes define as methods, and that it uses."""
    defined, methods, used = set(), set(), set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                defined.add(name)
            case ast.Attribute(attr=name, ctx=ast.Load()):
                used.add(name)
            case ast.Attribute(attr=name) | ast.Name(id=name, ctx=ast.Store()):
                defined.add(name)
            case ast.Name(id=name):
                used.add(name)
        if isinstance(node, ast.ClassDef):
            methods |= {part.name for part in node.body if isinstance(part, ast.FunctionDef)}
    return tuple(set(filter(is_private, names)) for names in (defined, methods, used))


def find_private_names() -> dict[Path, set[str]]:
    """Return for each module the private attributes of libraries that it reads, and those that it overrides.

    An attribute is a library's if nothing of ours defines it. A method that none of ours calls overrides one.
    """
    names = {path: find_names(ast.parse(path.read_text())) for path in list_modules()}
    all_defined = set().union(*(defined for defined, _methods, _used in names.values()))
    all_used = set().union(*(used for _defined, _methods, used in names.values()))
    return {
        path: (used - all_defined) | (methods - all_used) for path, (_defined, methods, used) in names.items()
    }


def find_private_api():
    """Return each module that uses private parts of libraries, with these."""
    names = find_private_names()
    found = {path: {*PRIVATE_API_PATTERN.findall(path.read_text()), *names[path]} for path in list_modules()}
    return {str(path.relative_to(ROOT)): parts for path, parts in found.items() if parts}


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
