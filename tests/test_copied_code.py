"""No function is a copy of another one under other names."""

import ast
import copy
from collections import defaultdict

import pytest

from tests.test_architecture import list_product_modules, parse

pytestmark = pytest.mark.code_limits
MIN_COPIED_STATEMENTS = 5


class NameEraser(ast.NodeTransformer):
    """Number the variables of a piece of code and empty its texts, so that copies look the same."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.names.setdefault(node.id, f"n{len(self.names)}"), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(self.names.setdefault(node.arg, f"n{len(self.names)}"))

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        return ast.Constant("") if isinstance(node.value, str) else node


def find_copies(sources: dict[str, ast.Module]) -> list[list[str]]:
    """Return groups of functions whose bodies are the same but for names and texts."""
    by_structure: dict[tuple[type, ...], list[tuple[str, list[ast.stmt]]]] = defaultdict(list)
    for module, tree in sources.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) is not None else node.body
                nodes = [inner for part in body for inner in ast.walk(part)]
                if sum(isinstance(inner, ast.stmt) for inner in nodes) >= MIN_COPIED_STATEMENTS:
                    by_structure[tuple(map(type, nodes))].append(
                        (f"{module}:{node.lineno} {node.name}", body)
                    )
    alike: dict[str, list[str]] = defaultdict(list)
    # Writing out the code takes long, and functions of another structure cannot be copies.
    for candidates in by_structure.values():
        for name, body in candidates if len(candidates) > 1 else []:
            eraser = NameEraser()
            shape = [ast.unparse(eraser.visit(copy.deepcopy(part))) for part in body]
            alike["\n".join(shape)].append(name)
    return [group for group in alike.values() if len(group) > 1]


def test_no_function_body_is_duplicated():
    assert find_copies({module: parse(path) for module, path in list_product_modules().items()}) == []


def test_copy_with_renamed_variables_is_found():
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

    copies = find_copies({"a": ast.parse(original), "b": ast.parse(planted), "c": ast.parse(other)})

    assert copies == [["a:2 cancel", "b:2 withdraw"]]
