"""The limits of docs/developers.md: sizes, names, and the direction of imports."""

import ast
import functools
import re
import tokenize
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignObject, ManyToManyField

from convention.ops.storage_ceilings import DEFAULT_CEILINGS

pytestmark = pytest.mark.code_limits
ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["convention", "schedule", "registrations", "badges"]  # lowest first
TOP_LEVEL = set(
    """
    convention registrations badges schedule tests docs manage.py pyproject.toml README.md Makefile
    package.json package-lock.json requirements.txt requirements-dev.txt requirements-node.txt uv.lock
    compose.yaml Dockerfile tsconfig.json tsconfig.workers.json
    CHANGELOG.md LICENSE SECURITY.md CONTRIBUTING.md
    """.split()
)
NOT_VERSIONED = {".venv", "node_modules", "var", "static-root", "screenshots", ".git"}
MAX_FUNCTION_LINES = 50
TYPICAL_FUNCTION_LINES = 25  # nine of ten functions must not be longer
MAX_FILE_LINES = 500
MAX_MODULES_IN_FOLDER = 20
MAX_REPEATED_CLASS_NAMES = 10
MAX_MACHINERY_LINES = 800  # of code that replaces the ORM
TOKENS_WITHOUT_CODE = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING,
    tokenize.ENDMARKER,
}  # fmt: skip
REPEATED_BY_DJANGO = {"Meta", "Media", "Command", "DatabaseWrapper"}
BANNED_MODULE_NAMES = set("utils util common helpers helper service services misc managers".split())
BANNED_WORDS = set(
    """
    kept doors besides wares told said standing whole around somebody patience politeness rounds turn
    thing stuff
    """.split()
)
BANNED_DOCSTRING_STARTS = ("What ", "Who ", "Whoever ", "Whose ", "Those ", "Both ", "Here ")
PAGE_MODULE = re.compile(r"(?:.*_)?(?:views?|forms)|urls|admin|seed\w*|api|management")
HTTP_MODULES = set(
    """
    adapters authentication health local_requests middleware network pagination parsers permissions problems
    request_body responses page_cache page_languages personal_pages session_security scopes static_storage
    templatetags throttles
    """.split()
)  # not views, but they authenticate the caller or wrap every request


def list_files(*patterns: str) -> list[Path]:
    """Return the files of the product and its tests that match the patterns, without migrations."""
    found = [
        path for part in [*LAYERS, "tests"] for pattern in patterns for path in (ROOT / part).rglob(pattern)
    ]
    return sorted(
        path for path in found if "migrations" not in path.parts and "node_modules" not in path.parts
    )


@functools.cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@functools.cache
def list_product_modules() -> dict[str, Path]:
    """Return the product's modules by dotted name; a package is named without `__init__`."""
    found = {}
    for path in list_files("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] != "tests":
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def describe(path: Path, node: ast.AST) -> str:
    name = getattr(node, "name", "")
    return f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)} {name}".strip()


def walk_product(*kinds: type[ast.AST]) -> Iterator[tuple[Path, ast.AST]]:
    """Yield each node of these kinds in the product's code."""
    for path in list_product_modules().values():
        for node in ast.walk(parse(path)):
            if isinstance(node, kinds):
                yield path, node


def measure_lines(*kinds: type[ast.AST]) -> dict[str, int]:
    """Return the number of lines of each node of these kinds."""
    return {describe(path, node): node.end_lineno - node.lineno + 1 for path, node in walk_product(*kinds)}


def find_longer(limit: int, lengths: dict[str, int]) -> dict[str, int]:
    return {name: lines for name, lines in lengths.items() if lines > limit}


# --- sizes ---------------------------------------------------------------------------------------------


def test_functions_are_short():
    lengths = measure_lines(ast.FunctionDef, ast.AsyncFunctionDef)

    assert find_longer(MAX_FUNCTION_LINES, lengths) == {}
    assert len(find_longer(TYPICAL_FUNCTION_LINES, lengths)) <= len(lengths) / 10


def test_files_are_short():
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text().splitlines())
        for path in list_files("*.py", "*.js", "*.mjs", "*.css", "*.html")
    }

    assert find_longer(MAX_FILE_LINES, lengths) == {}


def test_folders_hold_few_modules():
    counts = Counter(
        path.parent.relative_to(ROOT)
        for path in list_product_modules().values()
        if path.name != "__init__.py" and path.parent.name != "commands"
    )

    assert {str(folder): number for folder, number in counts.items() if number > MAX_MODULES_IN_FOLDER} == {}


def count_code_lines(path: Path) -> int:
    """Return the number of lines without blank lines, comments and docstrings."""
    with path.open("rb") as file:
        lines = {
            number
            for token in tokenize.tokenize(file.readline)
            if token.type not in TOKENS_WITHOUT_CODE
            for number in range(token.start[0], token.end[0] + 1)
        }
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
            lines -= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return len(lines)


def list_machinery() -> list[tuple[int, list[Path]]]:
    """Return lines, by docs/developers.md, and modules of each part that replaces the ORM."""
    text = (ROOT / "docs/developers.md").read_text()
    table = text.partition("| part | lines |")[2].partition("\n\n")[0]
    found = []
    for row in table.splitlines()[2:]:
        _empty, _part, lines, _private_api, _saves, _figures, where, _end = row.split("|")
        first, *others = re.findall(r"`([\w/]+\.py)`", where.partition("plain:")[0])
        found.append((int(lines), [ROOT / first, *((ROOT / first).with_name(other) for other in others)]))
    return found


def test_code_that_replaces_the_orm_is_short_and_in_three_packages():
    counted = [sum(map(count_code_lines, paths)) for _lines, paths in list_machinery()]

    assert [lines for lines, _paths in list_machinery()] == [round(lines, -1) for lines in counted]
    assert sum(counted) <= MAX_MACHINERY_LINES
    assert len({path.parent for _lines, paths in list_machinery() for path in paths}) <= 3


def test_top_level_contains_only_known_names():
    found = {path.name for path in ROOT.iterdir()} - NOT_VERSIONED

    assert {name for name in found - TOP_LEVEL if not name.startswith(".")} == set()


# --- names ---------------------------------------------------------------------------------------------


def split_words(name: str) -> set[str]:
    return {word.lower() for word in re.split(r"_+|(?<=[a-z0-9])(?=[A-Z])", name)}


def test_modules_have_no_generic_names():
    paths = [path.relative_to(ROOT) for path in list_files("*.py", "*.js", "*.mjs", "*.css", "*.html")]
    names = {path: {part.partition(".")[0].strip("_") for part in path.parts} for path in paths}

    assert [path for path, parts in names.items() if parts & BANNED_MODULE_NAMES] == []


def test_few_class_names_are_repeated():
    counts: Counter[str] = Counter()
    for path in list_product_modules().values():
        for node in parse(path).body:
            if isinstance(node, ast.ClassDef) and node.name not in REPEATED_BY_DJANGO:
                counts[node.name] += 1

    assert len([name for name, number in counts.items() if number > 1]) <= MAX_REPEATED_CLASS_NAMES


def test_functions_and_classes_are_named_in_plain_words():
    nodes = walk_product(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

    assert [describe(path, node) for path, node in nodes if split_words(node.name) & BANNED_WORDS] == []


def test_scripts_and_stylesheets_are_written_in_plain_words():
    names_by_kind = {
        "*.js": re.compile(r"\b(?:function|const|let|class|get) +(\w+)"),
        "*.css": re.compile(r"\.([a-z][a-z-]*)"),
    }
    found = {
        f"{path.relative_to(ROOT)} {name}"
        for pattern, names in names_by_kind.items()
        for path in list_files(pattern)
        for name in names.findall(path.read_text())
        if split_words(name.replace("-", "_")) & BANNED_WORDS
    }

    assert found == set()


def test_docstrings_do_not_start_with_a_relative_clause():
    nodes = walk_product(ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    found = [
        describe(path, node)
        for path, node in nodes
        if (ast.get_docstring(node) or "").startswith(BANNED_DOCSTRING_STARTS)
    ]

    assert found == []


def test_silenced_checks_give_a_reason():
    """A `noqa` or `type: ignore` names its rule and, behind it, the reason."""
    silenced = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?P<rest>.*)")
    reasoned = re.compile(r"(?::\s*[A-Z]+\d+(?:,\s*[A-Z]+\d+)*|\[[a-z-]+(?:,\s*[a-z-]+)*\]).*[a-zé]{3}")
    bare = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in list_files("*.py")
        if path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if (found := silenced.search(line)) and not reasoned.match(found["rest"])
    ]

    assert bare == []


# --- functions -----------------------------------------------------------------------------------------


def test_functions_contain_no_imports():
    inside = [
        str(path.relative_to(ROOT))
        for path, function in walk_product(ast.FunctionDef, ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inside == []


def test_no_signal_handlers_between_our_apps():
    signals = re.compile(r"django\.(dispatch|db\.models\.signals)\b(?!\.pre_migrate$)")

    assert [
        describe(path, node)
        for path, node in walk_product(ast.Import, ast.ImportFrom)
        if any(signals.search(f"{getattr(node, 'module', '')}.{alias.name}") for alias in node.names)
    ] == []


def is_page(module: str) -> bool:
    """Return whether a module answers requests or commands: views, forms, urls, admin, seeds, API."""
    return any(PAGE_MODULE.fullmatch(part) for part in module.split(".")[1:])


def test_actions_take_no_request():
    """Page, API and command line call the same action."""
    of_http = re.compile(r"\b(HttpRequest|Request|QueryDict|HttpResponse)\b")
    found = [
        describe(path, node)
        for module, path in list_product_modules().items()
        if not is_page(module) and not HTTP_MODULES & set(module.split("."))
        for node in ast.walk(parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if of_http.search(ast.unparse(node.args) + ast.unparse(node.returns or ast.Constant("")))
    ]

    assert found == []


def test_no_function_takes_a_bool_argument():
    """Write two functions instead of one with a switch; ruff's FBT checks positional arguments only."""
    flagged = [
        describe(path, node)
        for path, node in walk_product(ast.FunctionDef, ast.AsyncFunctionDef)
        if any(
            ast.unparse(arg.annotation or arg) == "bool" for arg in [*node.args.kwonlyargs, *node.args.args]
        )
        if "noqa: FBT" not in path.read_text().splitlines()[node.lineno - 1]  # a signature of Django's
    ]

    assert flagged == []


# --- imports -------------------------------------------------------------------------------------------


def list_imported(module: str, path: Path) -> Iterator[str]:
    """Yield the product's modules that a module imports."""
    modules = list_product_modules()
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*base, node.module] if node.module else base)
            for alias in node.names:
                if f"{source}.{alias.name}" in modules:
                    yield f"{source}.{alias.name}"
                elif source in modules:
                    yield source


@functools.cache
def list_imports() -> list[tuple[str, str]]:
    """Return each pair of importing and imported module."""
    return sorted(
        {
            (module, imported)
            for module, path in list_product_modules().items()
            for imported in list_imported(module, path)
            if imported != module
        }
    )


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the nodes of a directed graph that lie on cycles or between two; empty where there is none."""
    remaining = {node: set(targets) for node, targets in graph.items()}
    while True:
        imported = set().union(*remaining.values()) if remaining else set()
        ends = [node for node in remaining if node not in imported or not remaining[node] & remaining.keys()]
        if not ends:
            return sorted(remaining)
        for node in ends:
            del remaining[node]


def test_sibling_packages_have_no_import_cycle():
    """Pages are left out: only `urls` imports them, so they close no cycle."""
    graphs: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module, imported in list_imports():
        if is_page(module):
            continue
        for depth in range(1, len(module.split("."))):
            parent = ".".join(module.split(".")[:depth])
            if not imported.startswith(f"{parent}."):
                break
            own, other = module.split(".")[depth], imported.split(".")[depth]
            if own != other:
                graphs[parent][own].add(other)

    assert {parent: cycle for parent, graph in graphs.items() if (cycle := find_cycle(graph))} == {}


def test_find_cycle_returns_the_nodes_of_a_cycle():
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": set()}) == ["b", "c"]


def is_view(module: str) -> bool:
    return any(re.fullmatch(r"(?:.*_)?views", part) for part in module.split(".")[1:])


def test_views_recognize_a_change_by_post():
    """A view that asks for GET instead would take HEAD, which needs no form token, for a change."""
    found = [
        str(path.relative_to(ROOT))
        for path in list_files("*.py")
        if "require_safe_or_post" in (text := path.read_text()) and 'request.method == "GET"' in text
    ]

    assert [name for name in found if not name.startswith("tests/")] == []


def test_only_urls_import_views():
    """Views of one package may share code with each other."""
    stray = [
        f"{module} imports {imported}"
        for module, imported in list_imports()
        if is_view(imported) and not module.endswith("urls") and not is_view(module)
    ]

    assert stray == []


def list_relations() -> list[tuple[str, str, ForeignObject | ManyToManyField]]:
    """Return each relation between two of our models with the layers of both ends."""
    found = []
    for model in apps.get_models():
        for field in model._meta.local_fields + model._meta.local_many_to_many:
            if field.is_relation and field.related_model and field.related_model != model:
                ends = [end.__module__.split(".")[0] for end in (model, field.related_model)]
                if ends[0] in LAYERS and ends[1] in LAYERS:
                    found.append((*ends, field))
    return found


def test_no_relation_points_to_a_higher_layer():
    upwards = [
        str(field) for own, other, field in list_relations() if LAYERS.index(other) > LAYERS.index(own)
    ]

    assert upwards == []


def list_reverse_names() -> dict[str, int]:
    """Return reverse accessors across layers, such as `registrations`, with the layer that adds each."""
    names: dict[str, int] = {}
    for own, other, field in list_relations():
        if own != other and not field.remote_field.hidden:
            name = field.remote_field.get_accessor_name()
            names[name] = max(LAYERS.index(own), names.get(name, 0))
    return names


def get_layer(path: Path) -> int:
    return LAYERS.index(path.relative_to(ROOT).parts[0])


def test_lower_layers_use_no_reverse_relation_of_higher_layers():
    """`event.registrations` in the lowest layer would be an import upwards in disguise."""
    names = list_reverse_names()
    upwards = [
        f"{describe(path, node)} .{node.attr}"
        for path, node in walk_product(ast.Attribute)
        if names.get(node.attr, 0) > get_layer(path)
    ]

    assert upwards == []


def test_templates_of_lower_layers_use_no_reverse_relation_of_higher_layers():
    names = list_reverse_names()
    upwards = [
        f"{path.relative_to(ROOT)} event.{name}"
        for path in list_files("*.html", "*.txt")
        if path.relative_to(ROOT).parts[0] in LAYERS
        for name in re.findall(r"\bevent\.(\w+)", path.read_text())
        if names.get(name, 0) > get_layer(path)
    ]

    assert upwards == []


# --- documentation and templates -----------------------------------------------------------------------


def test_every_setting_from_the_environment_is_documented():
    """docs/operators.md names each variable that the settings read, and none that they do not."""
    source = (ROOT / "convention/settings.py").read_text()
    read = set(re.findall(r'(?:env(?:\.\w+)?|read_url_setting)\(\s*"([A-Z_]+)"', source))
    read |= {"PORT", "LAN", "WEB_WORKERS", "TASK_WORKERS", *DEFAULT_CEILINGS}
    rows = [line for line in (ROOT / "docs/operators.md").read_text().splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}

    assert named == read


GROUPED_NUMBER = re.compile(
    r"=\"[^\"<>]*?\{\{ ?[\w.]+(?<!attrs)\.(?:pk|id|number|year|amount|width|height) ?\}\}"
)


def test_numbers_in_attributes_have_no_thousands_separator():
    """Without a filter numbers are grouped for readers: an address with the year 2027 would say 2 027."""
    found = {
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in list_files("*.html")
        for match in GROUPED_NUMBER.finditer(path.read_text())
    }

    assert found == set()


DOCUMENTED_PATH = re.compile(r"`((?:badges|convention|registrations|schedule|tests|docs)/[\w./-]+)`")


def test_paths_named_in_documents_exist():
    missing = [
        f"{document.name}: {path}"
        for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for path in sorted(set(DOCUMENTED_PATH.findall(document.read_text())))
        if not (ROOT / path).exists()
    ]
    assert missing == []
