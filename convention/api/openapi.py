"""Add problem responses and headers to the OpenAPI description."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from .problems import PROBLEM_CONTENT_TYPE, get_problem_type
from .problems import PROBLEM_DESCRIPTIONS as KINDS

# In this extension an operation lists further problems, by status.
PROBLEMS_EXTENSION = "x-problems"


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "What went wrong (RFC 9457). Kinds: " + "; ".join(f"`{kind}`" for kind in KINDS) + ".",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "example": get_problem_type("sold-out")},
        "title": {"type": "string", "example": "Sold out"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599, "example": 409},
        "detail": {
            "type": "string",
            "description": "A sentence for people, in French, or in English where Accept-Language says so.",
        },
        "errors": {
            "type": "object",
            "description": "Messages by field, such as `registrations.0.email`.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


STATUS_DESCRIPTIONS = {
    "400": "The request cannot be read.",
    "401": "The token is missing, unknown, expired or revoked.",
    "403": "The token or its owner does not have permission to do this.",
    "404": "There is nothing at this address, or you do not have access to it.",
    "406": "The response is available as JSON only.",
    "409": "This is not possible now, for example because no places are left or registration is closed.",
    "410": "It has expired.",
    "413": "The body is too large.",
    "415": "Only JSON is accepted.",
    "422": "Some values need to be corrected; `errors` contains the messages by field.",
    "429": "Too many requests.",
    "503": "The database is unavailable; repeat the request after Retry-After.",
}


ETAG_HEADER = {
    "description": "Identifies this state of the response. Send it back in If-None-Match.",
    "schema": {"type": "string"},
}


RETRY_AFTER_HEADER = {
    "description": "Seconds to wait.",
    "required": True,
    "schema": {"type": "integer", "minimum": 1},
}


AUTHENTICATE_HEADER = {
    "description": "The authentication scheme to use.",
    "required": True,
    "schema": {"type": "string"},
}


IF_NONE_MATCH_PARAMETER = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of an earlier answer: unchanged, 304 comes without a body.",
    "schema": {"type": "string"},
}


def describe_problems(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add the problems that each operation may answer with (a postprocessing hook of drf-spectacular)."""
    result["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            answers = operation["responses"]
            for status in {
                *list_expected_statuses(path, method, operation),
                *operation.pop(PROBLEMS_EXTENSION, ()),
            }:
                # `setdefault`: the view's own description of a status is more precise.
                answers.setdefault(status, describe_problem(status))
            if method == "get":
                describe_revalidation(operation)
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path" and parameter["schema"] == {"type": "string"}:
                    # What Django's slug converter accepts; drf-spectacular leaves it out.
                    parameter["schema"]["pattern"] = "^[-a-zA-Z0-9_]+$"
            operation["responses"] = dict(sorted(answers.items()))
    return result


def list_expected_statuses(path: str, method: str, operation: dict[str, Any]) -> set[str]:
    """Return the statuses of the problems that an operation may answer with."""
    schemes = {name for alternative in operation["security"] for name in alternative}
    found = {"404", "503"} if "{" in path else {"503"}
    if schemes:
        found.add("401")
    if "token" in schemes:
        found.add("429")
    # An empty requirement means that the token is optional.
    if "token" in schemes and {} not in operation["security"]:
        found.add("403")
    # The scanner's endpoints answer JSON whatever Accept says.
    if "deviceToken" not in schemes:
        found.add("406")
    if method in {"post", "patch"}:
        found |= {"400", "413", "415", "422"}
    if any(parameter["in"] == "query" for parameter in operation.get("parameters", [])):
        found.add("422")
    return found


def describe_problem(status: str) -> dict[str, Any]:
    """Return the OpenAPI response of one problem status, with its headers."""
    headers = {
        "401": {"WWW-Authenticate": AUTHENTICATE_HEADER},
        "429": {"Retry-After": RETRY_AFTER_HEADER},
    }.get(status)
    content = {PROBLEM_CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answer = {"description": STATUS_DESCRIPTIONS[status], "content": content}
    return {**answer, "headers": headers} if headers else answer


def describe_revalidation(operation: dict[str, Any]) -> None:
    """Add ETag, If-None-Match and 304 to an operation that reads."""
    operation["responses"]["200"]["headers"] = {"ETag": ETAG_HEADER}
    operation["responses"]["304"] = {"description": "Unchanged.", "headers": {"ETag": ETAG_HEADER}}
    operation.setdefault("parameters", []).append(IF_NONE_MATCH_PARAMETER)


class BearerTokenScheme(OpenApiAuthenticationExtension):
    """`Authorization: Bearer TOKEN` with a person's token."""

    target_class = "convention.api.authentication.BearerTokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the scheme as OpenAPI writes it."""
        return {"type": "http", "scheme": "bearer", "description": "A token made at /me/tokens/."}
