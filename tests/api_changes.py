"""Find changes of the API description that break existing clients."""

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


def find_breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return in words everything that clients rely on and that is gone or narrower; empty for additions."""
    return sorted(set(_iterate_breaking_changes(old, new)))


def _iterate_breaking_changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for path, operations in old["paths"].items():
        for method in METHODS:
            if method not in operations:
                continue
            there = new["paths"].get(path, {}).get(method)
            name = f"{method.upper()} {path}"
            if there is None:
                yield f"{name} is gone"
            else:
                yield from _compare_operation(name, operations[method], there, Pair(old, new))


class Pair:
    """Both descriptions, to follow references in; remembers compared schemas, since they may be circular."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.old, self.new = old, new
        self.seen: set[tuple[str, bool]] = set()

    def resolved(self, document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
        """Return the schema with its reference resolved."""
        schema = {**schema, **(schema["allOf"][0] if len(schema.get("allOf", [])) == 1 else {})}
        if "$ref" not in schema:
            return schema
        found = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return {**self.resolved(document, found), **{k: v for k, v in schema.items() if k == "nullable"}}


def _compare_operation(name: str, old: dict, new: dict, pair: Pair) -> Iterator[str]:
    yield from _compare_parameters(name, old, new, pair)
    ways = [frozenset(way) for way in new.get("security", [{}])]
    if any(frozenset(way) not in ways for way in old.get("security", [{}])):
        yield f"{name}: a way to say who asks is gone"
    asked = (old.get("requestBody", {}), new.get("requestBody", {}))
    yield from _compare_bodies(f"{name}: body", *asked, pair, asked=True)
    for status, answer in old["responses"].items():
        if status not in new["responses"] and status.startswith("2"):
            yield f"{name}: {status} is no longer answered"
        elif status in new["responses"]:
            yield from _compare_bodies(
                f"{name}: {status}", answer, new["responses"][status], pair, asked=False
            )


def _compare_parameters(name: str, old: dict, new: dict, pair: Pair) -> Iterator[str]:
    before = {(p["in"], p["name"]): p for p in old.get("parameters", [])}
    after = {(p["in"], p["name"]): p for p in new.get("parameters", [])}
    for key in before.keys() - after.keys():
        yield f"{name}: the parameter {key[1]} is gone"
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            yield f"{name}: the parameter {key[1]} is needed now"
        if key in before:
            yield from _compare_schemas(
                f"{name}: {key[1]}", before[key]["schema"], parameter["schema"], pair, asked=True
            )


def _compare_bodies(name: str, old: dict, new: dict, pair: Pair, *, asked: bool) -> Iterator[str]:
    for media_type, content in old.get("content", {}).items():
        if media_type not in new.get("content", {}):
            yield f"{name}: no {media_type} any more"
        else:
            yield from _compare_schemas(
                name, content["schema"], new["content"][media_type]["schema"], pair, asked=asked
            )


def _compare_schemas(name: str, old: dict, new: dict, pair: Pair, *, asked: bool) -> Iterator[str]:
    """Yield breaking changes: request schemas (`asked`) may only widen, response schemas only add."""
    reference = f"{old.get('$ref', '')} {new.get('$ref', '')}"
    if "$ref" in old:
        if (reference, asked) in pair.seen:
            return
        pair.seen.add((reference, asked))
    old, new = pair.resolved(pair.old, old), pair.resolved(pair.new, new)
    if old.get("type") != new.get("type"):
        yield f"{name} was {old.get('type')} and is {new.get('type')}"
        return
    yield from _compare_values(name, old, new, asked=asked)
    yield from _compare_properties(name, old, new, pair, asked=asked)
    if "items" in old and "items" in new:
        yield from _compare_schemas(f"{name}[]", old["items"], new["items"], pair, asked=asked)


def _compare_values(name: str, old: dict, new: dict, *, asked: bool) -> Iterator[str]:
    if old.get("format") != new.get("format"):
        yield f"{name} had the format {old.get('format')} and has {new.get('format')}"
    if old.get("pattern") != new.get("pattern") and asked:
        yield f"{name} must fit {new.get('pattern')}"
    if old.get("nullable", False) != new.get("nullable", False) and new.get("nullable", False) != asked:
        yield f"{name} may {'no longer' if asked else 'now'} be null"
    gone = set(old.get("enum", [])) - set(new.get("enum", old.get("enum", [])))
    if asked and (gone or ("enum" in new and "enum" not in old)):
        yield f"{name} takes fewer values: {sorted(map(str, gone))}"
    for bound, sign in (
        ("maxLength", -1),
        ("maxItems", -1),
        ("maximum", -1),
        ("minLength", 1),
        ("minimum", 1),
    ):
        if asked and bound in new and (bound not in old or sign * (new[bound] - old[bound]) > 0):
            yield f"{name}: {bound} is {new[bound]}"


def _compare_properties(name: str, old: dict, new: dict, pair: Pair, *, asked: bool) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for field in before.keys() - after.keys():
        yield f"{name}.{field} is gone"
    for field in before.keys() & after.keys():
        yield from _compare_schemas(f"{name}.{field}", before[field], after[field], pair, asked=asked)
    needed, had = set(new.get("required", [])), set(old.get("required", []))
    for field in (needed - had if asked else had - needed) & (before.keys() | needed):
        yield f"{name}.{field} {'is needed now' if asked else 'may be missing now'}"
