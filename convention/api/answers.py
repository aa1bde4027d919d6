"""What the description says of every operation: which problems it may answer with, and in which headers."""

from typing import Any

from .problems import CONTENT_TYPE, problem_type
from .problems import PROBLEMS as KINDS

PROBLEMS = "x-problems"
"""The extension in which an operation names further problems of its own, by status."""

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Kinds: " + "; ".join(f"`{kind}`" for kind in KINDS) + ".",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "example": problem_type("sold-out")},
        "title": {"type": "string", "example": "Sold out"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "example": 409},
        "detail": {
            "type": "string",
            "description": "A sentence for people, in French, or in English where Accept-Language says so.",
        },
        "errors": {
            "type": "object",
            "description": "Sentences by field, such as `registrations.0.email`.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
MEANINGS = {
    "400": "The request cannot be read.",
    "401": "The token is missing, unknown, expired or revoked.",
    "403": "The token or its owner may not do this.",
    "404": "There is nothing at this address, or it is not for this reader.",
    "406": "Only JSON is answered.",
    "409": "It cannot be done now: no place is left, or it is not the time for it.",
    "413": "The body is larger than what is read at once.",
    "415": "Only JSON is read.",
    "422": "Some values need another look; `errors` holds sentences by field.",
    "429": "Too many requests.",
    "503": "Our records cannot be reached now; send the same again.",
}
ETAG = {
    "description": "Names this state of the answer; send it back in If-None-Match.",
    "schema": {"type": "string"},
}
RETRY = {
    "description": "Seconds to wait.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}
SCHEME = {"description": "How to say who asks.", "required": True, "schema": {"type": "string"}}
IF_NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an earlier answer: unchanged, 304 comes without a body.",
    "schema": {"type": "string"},
}


def describe_problems(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: add the problems that each operation may answer with."""
    result["components"]["schemas"]["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            for status in {*expected(path, method, operation), *operation.pop(PROBLEMS, ())}:
                answers.setdefault(status, problem(status))
            if method == "get":
                describe_revalidation(operation)
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["schema"]["pattern"] = "^[-a-zA-Z0-9_]+$"
            operation["responses"] = dict(sorted(answers.items()))
    return result


def expected(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    """The statuses of the problems that follow from what an operation asks for."""
    schemes = {name for way in operation["security"] for name in way}
    found = {"404", "503"} if "{" in path else {"503"}
    if "token" in schemes:
        found |= {"401", "429"}
    if "token" in schemes and {} not in operation["security"]:
        found.add("403")
    if "deviceToken" not in schemes:
        found.add("406")
    if method == "post":
        found |= {"400", "413", "415", "422"}
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        found.add("422")
    return found


def problem(status: str) -> dict[str, Any]:
    """One problem, with the headers that go with it."""
    headers = {"401": {"WWW-Authenticate": SCHEME}, "429": {"Retry-After": RETRY}}.get(status)
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer = {"description": MEANINGS[status], "content": content}
    return {**answer, "headers": headers} if headers else answer


def describe_revalidation(operation: dict[str, Any]) -> None:
    """What is read may be read again cheaply."""
    operation["responses"]["200"]["headers"] = {"ETag": ETAG}
    operation["responses"]["304"] = {"description": "Unchanged.", "headers": {"ETag": ETAG}}
    operation.setdefault("parameters", []).append(IF_NONE_MATCH)
