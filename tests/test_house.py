"""The house's own rules: limits of size, names of modules, direction of the arrows inside an app."""

import ast
import functools
import re
import statistics
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignObject, ManyToManyField

ROOT = Path(__file__).resolve().parent.parent
# The tower, lowest first.
STOREYS = ["convention", "schedule", "registrations", "badges"]
NESTED = ["convention.accounts", "convention.api", "convention.audit", "convention.club", "convention.events",
          "convention.jobs", "badges.attendance", "badges.scanner", "badges.reports"]  # fmt: skip
FORBIDDEN_NAMES = set("utils util common helpers helper services service misc managers signals".split())
TOP_LEVEL = set(
    """
    convention registrations badges schedule tests docs manage.py pyproject.toml README.md Makefile
    package.json package-lock.json requirements.in requirements.txt requirements-dev.in requirements-dev.txt
    requirements-node.in requirements-node.txt compose.yaml Dockerfile
    CHANGELOG.md LICENSE SECURITY.md CONTRIBUTING.md
    """.split()
)
MADE_HERE = {".venv", "node_modules", "var", "static-root", "screenshots", ".git"}
NEAR_HTTP = {"doors", "adapters", "authentication", "middleware", "page_cache", "proof", "scopes"}
"""Modules beside the views: they answer who is there, or what may be kept."""
MAY_COUNT_ALL = {Path("convention/management/commands/seed.py")}
"""`seed` says in the end what it made."""
FUNCTION_LINES, MEDIAN_LINES, CLASS_LINES, FILE_LINES = 50, 8, 120, 400
URLS, ANSWERS, FORMS, ACTS, MODELS = 5, 4, 3, 2, 1


def ours(*patterns: str) -> list[Path]:
    """Our files of these kinds; migrations are left out, what machines wrote."""
    found = [
        path for part in [*STOREYS, "tests"] for pattern in patterns for path in (ROOT / part).rglob(pattern)
    ]
    return sorted(
        path for path in found if "migrations" not in path.parts and "node_modules" not in path.parts
    )


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def product_sources() -> list[Path]:
    return [path for path in ours("*.py") if path.relative_to(ROOT).parts[0] != "tests"]


def lengths(kind: type | tuple[type, ...]) -> dict[str, int]:
    """The lines of each function or class of the product, by file and name."""
    return {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": node.end_lineno - node.lineno + 1
        for path in product_sources()
        for node in ast.walk(tree(path))
        if isinstance(node, kind)
    }


def longer_than(limit: int, found: dict[str, int]) -> dict[str, int]:
    return {name: lines for name, lines in found.items() if lines > limit}


def test_functions_are_short():
    found = lengths((ast.FunctionDef, ast.AsyncFunctionDef))
    assert longer_than(FUNCTION_LINES, found) == {}
    assert statistics.median(found.values()) <= MEDIAN_LINES


def test_classes_are_short():
    assert longer_than(CLASS_LINES, lengths(ast.ClassDef)) == {}


def test_files_are_short():
    found = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in ours("*.py", "*.js", "*.mjs", "*.css", "*.html")
    }
    assert longer_than(FILE_LINES, found) == {}


def test_modules_are_named_after_what_they_do():
    bad = [path for path in ours("*.py", "*.js", "*.html") if path.stem.strip("_") in FORBIDDEN_NAMES]
    assert bad == []


def test_the_top_level_is_fixed():
    found = {path.name for path in ROOT.iterdir()} - MADE_HERE
    assert {name for name in found - TOP_LEVEL if not name.startswith(".")} == set()


def test_imports_stand_at_the_top():
    """No import inside a function, that is how circles are dodged."""
    inside = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in product_sources()
        for function in ast.walk(tree(path))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inside == []


def test_no_signal_handlers_between_our_apps():
    users = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in product_sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("dispatch")
    ]
    assert users == []


def test_acts_take_no_request():
    """Below forms nobody knows of HTTP: page, API and command line call the same act."""
    knowing = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in product_sources()
        if app_of(path) and rank(path) in {ACTS, MODELS} and path.stem not in NEAR_HTTP
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef) and "HttpRequest" in ast.unparse(node.args)
    ]
    assert knowing == []


# --- arrows inside an app ------------------------------------------------------------------------------


def app_of(path: Path) -> str:
    """The app a file belongs to, such as `badges.attendance`; "" for the ground's own tools."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    nested = ".".join(parts[:2])
    if nested in NESTED:
        return nested
    return parts[0] if parts[0] != "convention" else ""


def rank(path: Path) -> int:
    """How high a module stands in its app: urls, then what answers, forms, acts, models."""
    parts = path.relative_to(ROOT).with_suffix("").parts[app_of(path).count(".") + 1 :]
    name = parts[0]
    if name == "urls":
        return URLS
    if name in {"seed", "admin", "management"} or {"views", "api"} & set(name.split("_")):
        return ANSWERS
    if name.split("_")[0] in {"forms", "serializers"}:
        return FORMS
    return MODELS if name == "models" else ACTS


def arrows() -> Iterator[tuple[Path, Path, int]]:
    """Each import from one module of an app to another of the same app, with its line."""
    for path in product_sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ImportFrom):
                for target in targets(path, node):
                    if target != path and app_of(target) == app_of(path) != "":
                        yield path, target, node.lineno


def targets(path: Path, node: ast.ImportFrom) -> list[Path]:
    """The files that one import statement reads."""
    base = path.parent if node.level else ROOT
    for _ in range(node.level - 1):
        base = base.parent
    base = base.joinpath(*(node.module or "").split(".")) if node.module else base
    if base.with_suffix(".py").exists():
        return [base.with_suffix(".py")]
    return [base / f"{name.name}.py" for name in node.names if (base / f"{name.name}.py").exists()]


def test_inside_an_app_imports_go_downwards():
    upwards = [
        f"{path.relative_to(ROOT)}:{line} imports {target.relative_to(ROOT)}"
        for path, target, line in arrows()
        if path.stem != "__init__" and ACTS <= rank(path) < rank(target)
    ]
    assert upwards == []


def test_only_urls_import_what_answers():
    """Views and API modules are the outermost layer; a package of views is one module."""
    stray = [
        f"{path.relative_to(ROOT)}:{line} imports {target.relative_to(ROOT)}"
        for path, target, line in arrows()
        if {"views", "api"} & set(target.stem.split("_"))
        if rank(path) < URLS and path.parent == target.parent and path.parent.name not in {"views", "api"}
    ]
    assert stray == []


# --- arrows between storeys that hide in models ------------------------------------------------------------


def relations() -> list[tuple[str, str, ForeignObject | ManyToManyField]]:
    """Each relation between two of our apps: the storeys of both ends."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_fields + model._meta.local_many_to_many:
            if field.is_relation and field.related_model and field.related_model != model:
                ends = [end.__module__.split(".")[0] for end in (model, field.related_model)]
                if ends[0] in STOREYS and ends[1] in STOREYS:
                    found.append((*ends, field))
    return found


def test_no_relation_points_up():
    upwards = [str(field) for own, other, field in relations() if STOREYS.index(other) > STOREYS.index(own)]
    assert upwards == []


def test_lower_storeys_do_not_use_the_names_that_higher_ones_give_them():
    """A reverse relation is a hidden arrow: `event.registrations` in the ground would point upwards."""
    names: dict[str, int] = {}
    for own, other, field in relations():
        if own != other and not field.remote_field.hidden:
            name = field.remote_field.get_accessor_name()
            names[name] = max(STOREYS.index(own), names.get(name, 0))
    own_names = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    upwards = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for path in product_sources()
        if path.relative_to(ROOT) not in MAY_COUNT_ALL
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and node.attr in own_names
        if names.get(node.attr, 0) > STOREYS.index(path.relative_to(ROOT).parts[0])
    ]
    assert upwards == []


# --- what is written for people --------------------------------------------------------------------------


def test_every_setting_from_the_environment_is_in_the_table():
    """docs/operators.md names each variable that the settings read, and none that they do not."""
    source = (ROOT / "convention/settings.py").read_text()
    read = set(re.findall(r'(?:env(?:\.\w+)?|told_by)\(\s*"([A-Z_]+)"', source))
    read |= {"PORT", "LAN", "WEB_WORKERS"}
    rows = [line for line in (ROOT / "docs/operators.md").read_text().splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
    assert named == read
