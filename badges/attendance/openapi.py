"""What the API's description says of the scanner's two addresses, which are plain views for speed."""

from typing import Any

DEVICE = "deviceToken"
ANSWERS = {
    "400": "the body is not JSON",
    "401": "no device token, or one that expired or was revoked",
    "413": "more than 200 scans, or too large a body",
    "422": "`scans` is missing or is no list",
}
TEXT = {"type": "string"}
SCAN: dict[str, Any] = {
    "type": "object",
    "required": ["id", "direction", "at"],
    "description": "`code`, or `registration` instead of it.",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "code": TEXT,
        "registration": TEXT,
        "direction": {"type": "string", "enum": ["in", "out"]},
        "at": {"type": "string", "format": "date-time"},
        "checkpoint": {"oneOf": [{"type": "integer"}, TEXT]},
        "sequence": {"type": "integer"},
        "clock_offset_ms": {"type": "integer"},
        "local_verdict": TEXT,
        "snapshot": {"type": "integer"},
        "operator": TEXT,
        "override_reason": TEXT,
    },
}
RESULT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": TEXT,
        "verdict": {
            "type": "string",
            "enum": ["admitted", "already_in", "refused", "unverified", "action"],
        },
        "reason": TEXT,
        "name": TEXT,
        "company": TEXT,
        "ticket": TEXT,
        "entered_at": {"type": "string", "format": "date-time", "nullable": True},
        "gate": TEXT,
        "replayed": {"type": "boolean"},
        "detail": TEXT,
    },
}


def holding(schema: dict[str, Any]) -> dict[str, Any]:
    """A body of JSON in that shape."""
    return {"content": {"application/json": {"schema": schema}}}


def listed(name: str, item: dict[str, Any]) -> dict[str, Any]:
    """An object with one list of at most 200."""
    many = {"type": "array", "items": item, "maxItems": 200}
    return {"type": "object", "required": [name], "properties": {name: many}}


def operation(name: str, summary: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What both addresses have in common."""
    problems = {status: {"description": text} for status, text in ANSWERS.items()}
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["scanner"],
        "security": [{DEVICE: []}],
        "responses": {"200": {"description": "taken", **holding(answer)}, **problems},
    }


def add_scanner(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: add the two addresses to the description."""
    snapshot = operation(
        "scanner_snapshot",
        "What a device needs to decide by itself; deltas after `since`.",
        {"type": "object"},
    )
    snapshot["parameters"] = [{"name": "since", "in": "query", "schema": {"type": "integer", "minimum": 0}}]
    scans = operation(
        "scanner_scans", "Take in scans; one result for each, in order.", listed("results", RESULT)
    )
    scans["requestBody"] = {"required": True, **holding(listed("scans", SCAN))}
    result["paths"]["/api/v1/scanner/snapshot/"] = {"get": snapshot}
    result["paths"]["/api/v1/scanner/scans/"] = {"post": scans}
    schemes = result.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes[DEVICE] = {"type": "http", "scheme": "bearer", "description": "The token of a paired device."}
    return result
