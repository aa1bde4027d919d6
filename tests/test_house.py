"""The house's own rules: limits of size, names of modules, direction of the arrows inside an app."""

import ast
import copy
import functools
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.models import ForeignObject, ManyToManyField

from convention.ceilings import CEILINGS

ROOT = Path(__file__).resolve().parent.parent
# The tower, lowest first.
STOREYS = ["convention", "schedule", "registrations", "badges"]
NESTED = ["convention.accounts", "convention.api", "convention.audit", "convention.club", "convention.events",
          "convention.jobs", "convention.privacy", "registrations.invoices", "registrations.checkout",
          "registrations.company", "registrations.sponsors", "registrations.visits", "badges.attendance",
          "badges.scanner", "badges.reports", "badges.mailings", "badges.visits"]  # fmt: skip
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
NEAR_HTTP = set(
    """
    adapters authentication doors health local_requests middleware network pagination
    page_cache parsers problems proof scopes static_storage throttles templatetags
    """.split()
)
"""Modules beside the views: they answer who is there, what may be kept, or stand around every request."""
COPIED_STATEMENTS = 5
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
    paths = [path.relative_to(ROOT) for path in ours("*.py", "*.js", "*.mjs", "*.css", "*.html")]
    bad = [
        path for path in paths if {name.partition(".")[0].strip("_") for name in path.parts} & FORBIDDEN_NAMES
    ]
    assert bad == []


def test_what_is_silenced_says_why():
    """A `noqa` or `type: ignore` names its rule and, behind it, the reason."""
    silenced = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?P<rest>.*)")
    reasoned = re.compile(r"(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z-]+(?:,\s*[a-z-]+)*\]).*[a-zé]{3}")
    bare = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in ours("*.py")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (found := silenced.search(line)) and not reasoned.match(found["rest"])
    ]
    assert bare == []


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


def functions_below_forms() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Acts, decisions and models: each function with where it stands."""
    for path in product_sources():
        if rank(path) in {ACTS, MODELS} and not NEAR_HTTP & set(path.with_suffix("").parts):
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def test_acts_take_no_request():
    """Below forms nobody knows of HTTP: page, API and command line call the same act."""
    of_http = re.compile(r"\b(HttpRequest|Request|QueryDict|HttpResponse)\b")
    knowing = [
        where
        for where, node in functions_below_forms()
        if of_http.search(ast.unparse(node.args) + ast.unparse(node.returns or ast.Constant("")))
    ]
    assert knowing == []


def test_nothing_takes_flags():
    """Two verbs instead of one with a switch; ruff's FBT sees only those given by place."""
    flagged = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in product_sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if any(
            ast.unparse(arg.annotation or arg) == "bool" for arg in [*node.args.kwonlyargs, *node.args.args]
        )
        if "noqa: FBT" not in path.read_text().splitlines()[node.lineno - 1]  # a signature of Django's
    ]
    assert flagged == []


# --- copies --------------------------------------------------------------------------------------------


class Renamed(ast.NodeTransformer):
    """The same code whatever its variables are called and its sentences say."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.setdefault(node.id, f"n{len(self.names)}"), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.names.setdefault(node.arg, f"n{len(self.names)}"))

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node


def copies(sources: dict[str, ast.Module]) -> list[list[str]]:
    """Functions whose bodies are the same but for names and texts, and long enough to be written once."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name, module in sources.items():
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                statements = sum(isinstance(inner, ast.stmt) for part in body for inner in ast.walk(part))
                if statements >= COPIED_STATEMENTS:
                    renamed = Renamed()
                    shape = [ast.unparse(renamed.visit(copy.deepcopy(part))) for part in body]
                    alike["\n".join(shape)].append(f"{name}:{node.lineno} {node.name}")
    return [found for found in alike.values() if len(found) > 1]


def test_nothing_is_written_twice():
    sources = {str(path.relative_to(ROOT)): tree(path) for path in product_sources()}
    assert copies(sources) == []


def test_a_copy_under_other_names_is_found():
    original = """
def cancel(session, reason):
    "Cancel it."
    if session.cancelled:
        raise ValueError("It was cancelled already.")
    session.cancelled = True
    session.save()
    return session
"""
    planted = (
        original.replace("session", "ticket").replace("def cancel", "def withdraw").replace("It", "This")
    )
    other = original.replace("session.save()", "session.delete()")
    assert copies({"a": ast.parse(original), "b": ast.parse(planted), "c": ast.parse(other)}) == [
        ["a:2 cancel", "b:2 withdraw"]
    ]


# --- arrows inside an app ------------------------------------------------------------------------------


def app_of(path: Path) -> str:
    """The app a file belongs to, such as `badges.attendance`; `convention` for the ground's own tools."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    nested = ".".join(parts[:2])
    return nested if nested in NESTED else parts[0]


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
    """Each import of one of our modules by another, with its line."""
    for path in product_sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for target in targets(path, node):
                    if target != path:
                        yield path, target, node.lineno


def targets(path: Path, node: ast.Import | ast.ImportFrom) -> list[Path]:
    """The files of ours that one import statement reads."""
    if isinstance(node, ast.Import):
        found = [ROOT.joinpath(*name.name.split(".")).with_suffix(".py") for name in node.names]
        return [file for file in found if file.exists()]
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
        if app_of(path) == app_of(target) and ACTS <= rank(path) < rank(target)
    ]
    assert upwards == []


def part_that_answers(path: Path) -> tuple[str, str] | None:
    """The app and the module or package of views or API that a file is or belongs to."""
    app = app_of(path)
    name = path.relative_to(ROOT).with_suffix("").parts[app.count(".") + 1]
    return (app, name) if {"views", "api"} & set(name.split("_")) else None


def test_only_urls_import_what_answers():
    """Views and API modules are the outermost layer; a package of views is one module."""
    stray = [
        f"{path.relative_to(ROOT)}:{line} imports {target.relative_to(ROOT)}"
        for path, target, line in arrows()
        if (part := part_that_answers(target)) and part_that_answers(path) != part
        if (app_of(path), rank(path)) != (part[0], URLS)
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


def names_given_from_above() -> dict[str, int]:
    """Reverse accessors across storeys, such as `registrations` of an event, and who may use each."""
    names: dict[str, int] = {}
    for own, other, field in relations():
        if own != other and not field.remote_field.hidden:
            name = field.remote_field.get_accessor_name()
            names[name] = max(STOREYS.index(own), names.get(name, 0))
    return names


def storey(path: Path) -> int:
    return STOREYS.index(path.relative_to(ROOT).parts[0])


def test_lower_storeys_do_not_use_the_names_that_higher_ones_give_them():
    """A reverse relation is a hidden arrow: `event.registrations` in the ground would point upwards."""
    names = names_given_from_above()
    upwards = [
        f"{path.relative_to(ROOT)}:{node.lineno} .{node.attr}"
        for path in product_sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and names.get(node.attr, 0) > storey(path)
    ]
    assert upwards == []


def test_templates_of_lower_storeys_do_not_use_them_either():
    names = names_given_from_above()
    upwards = [
        f"{path.relative_to(ROOT)} event.{name}"
        for path in ours("*.html", "*.txt")
        if path.relative_to(ROOT).parts[0] in STOREYS
        for name in re.findall(r"\bevent\.(\w+)", path.read_text())
        if names.get(name, 0) > storey(path)
    ]
    assert upwards == []


# --- what is written for people --------------------------------------------------------------------------


def test_every_setting_from_the_environment_is_in_the_table():
    """docs/operators.md names each variable that the settings read, and none that they do not."""
    source = (ROOT / "convention/settings.py").read_text()
    read = set(re.findall(r'(?:env(?:\.\w+)?|told_by)\(\s*"([A-Z_]+)"', source))
    read |= {"PORT", "LAN", "WEB_WORKERS", *CEILINGS}
    rows = [line for line in (ROOT / "docs/operators.md").read_text().splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}
    assert named == read


GROUPED = re.compile(r"=\"[^\"<>]*?\{\{ ?[\w.]+(?<!attrs)\.(?:pk|id|number|year|amount|width|height) ?\}\}")


def test_numbers_in_attributes_are_written_plainly():
    """Without a filter they are grouped for readers: an address with the year 2027 would say 2 027."""
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in ours("*.html")
        for match in GROUPED.finditer(path.read_text())
    }
    assert found == set()
