"""Describe the scanner's two endpoints for OpenAPI; being plain views, they are not found by drf-
spectacular.
"""

from typing import Any

from badges.attendance.models import Checkpoint
from convention.api.openapi import describe_problem

from .scan_input import ALLOWED_VERDICTS, MAX_COUNTER, MAX_OFFSET_MS, MAX_SCANS_PER_REQUEST, MAX_TEXT_LENGTHS

DEVICE_TOKEN_SCHEME = "deviceToken"  # noqa: S105 (the name of a scheme)
STRING_SCHEMA = {"type": "string"}
BOOLEAN_SCHEMA = {"type": "boolean"}
TIME_SCHEMA = {"type": "string", "format": "date-time"}
NULLABLE_TIME_SCHEMA = {**TIME_SCHEMA, "nullable": True}
COUNT_SCHEMA = {"type": "integer", "minimum": 0}
NULLABLE_COUNT_SCHEMA = {**COUNT_SCHEMA, "nullable": True}
COUNTER_SCHEMA = {"type": "integer", "minimum": -MAX_COUNTER, "maximum": MAX_COUNTER, "nullable": True}
OFFSET_SCHEMA = {"type": "integer", "minimum": -MAX_OFFSET_MS, "maximum": MAX_OFFSET_MS, "nullable": True}


def object_schema(**properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these properties, all required."""
    return {"type": "object", "required": list(properties), "properties": properties}


def array_schema(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def scan_text_schema(name: str) -> dict[str, Any]:
    """Return the schema of a scan's text field, with its maximum length."""
    return {"type": "string", "maxLength": MAX_TEXT_LENGTHS[name], "nullable": True}


SCAN_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["id", "direction", "at"],
    "description": "`code`, or `registration` instead of it. What does not fit is answered as invalid.",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "code": scan_text_schema("code"),
        "registration": scan_text_schema("registration"),
        "direction": {"type": "string", "enum": ["in", "out"]},
        "at": TIME_SCHEMA,
        "checkpoint": {
            "oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 200}],
            "nullable": True,
        },
        "sequence": COUNTER_SCHEMA,
        "clock_offset_ms": OFFSET_SCHEMA,
        "local_verdict": {"type": "string", "enum": list(ALLOWED_VERDICTS)},
        "snapshot": COUNTER_SCHEMA,
        "operator": scan_text_schema("operator"),
        "override_reason": scan_text_schema("override_reason"),
    },
}
RESULT_SCHEMA = object_schema(
    id={"type": "string", "nullable": True, "description": "As sent; null where it was no text."},
    verdict={"type": "string", "enum": [verdict for verdict in ALLOWED_VERDICTS if verdict]},
    reason=STRING_SCHEMA,
    name=STRING_SCHEMA,
    company=STRING_SCHEMA,
    ticket=STRING_SCHEMA,
    entered_at=NULLABLE_TIME_SCHEMA,
    gate=STRING_SCHEMA,
    replayed=BOOLEAN_SCHEMA,
    detail=STRING_SCHEMA,
)
SCANS_SCHEMA = {
    "type": "object",
    "required": ["scans"],
    "properties": {"scans": {**array_schema(SCAN_SCHEMA), "maxItems": MAX_SCANS_PER_REQUEST}},
}
RESULTS_SCHEMA = object_schema(
    results={**array_schema(RESULT_SCHEMA), "maxItems": MAX_SCANS_PER_REQUEST},
    sequence=COUNT_SCHEMA,
    server_time=TIME_SCHEMA,
)
SNAPSHOT_SCHEMA = object_schema(
    sequence=COUNT_SCHEMA,
    presences_cursor={"type": "string", "description": "A number; empty where nobody was read yet."},
    full={"type": "boolean", "description": "Replace what is held."},
    server_time=TIME_SCHEMA,
    event=object_schema(
        slug=STRING_SCHEMA, name=STRING_SCHEMA, name_en=STRING_SCHEMA, timezone=STRING_SCHEMA
    ),
    device=object_schema(
        id=COUNT_SCHEMA,
        name=STRING_SCHEMA,
        checkpoint=COUNT_SCHEMA,
        expires_at=TIME_SCHEMA,
        can_override=BOOLEAN_SCHEMA,
    ),
    keys=array_schema(
        object_schema(
            number=COUNT_SCHEMA, public_key={"type": "string", "description": "Ed25519, base64url."}
        )
    ),
    checkpoints=array_schema(
        object_schema(
            id=COUNT_SCHEMA,
            name=STRING_SCHEMA,
            kind={"type": "string", "enum": list(Checkpoint.Kind.values)},
            door=COUNT_SCHEMA,
            opens_at=NULLABLE_TIME_SCHEMA,
            closes_at=NULLABLE_TIME_SCHEMA,
            is_strict=BOOLEAN_SCHEMA,
            capacity=NULLABLE_COUNT_SCHEMA,
            session={
                **NULLABLE_COUNT_SCHEMA,
                "description": "Whose seats are booked: only who has one may enter.",
            },
        )
    ),
    registrations=array_schema(
        object_schema(
            key=STRING_SCHEMA,
            badge_version=COUNT_SCHEMA,
            state={"type": "string", "enum": ["confirmed", "cancelled", "merged"]},
            sealed={"type": "string", "description": "Opened by the badge's code alone."},
        )
    ),
    removed=array_schema(STRING_SCHEMA),
    presences=array_schema(
        object_schema(
            key=STRING_SCHEMA,
            door=COUNT_SCHEMA,
            is_inside=BOOLEAN_SCHEMA,
            entered_at=NULLABLE_TIME_SCHEMA,
            left_at=NULLABLE_TIME_SCHEMA,
            read_at=NULLABLE_TIME_SCHEMA,
            gate=STRING_SCHEMA,
            is_mine=BOOLEAN_SCHEMA,
        )
    ),
)
CURSOR_PARAMETERS = [
    {
        "name": "since",
        "in": "query",
        "description": "The `sequence` of the last answer; without it, all is told.",
        "schema": {"type": "integer", "minimum": 0, "maximum": 10**18 - 1},
    },
    {
        "name": "presences",
        "in": "query",
        "description": "The `presences_cursor` of the last answer.",
        "schema": STRING_SCHEMA,
    },
]


def json_content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": schema}}}


def describe_operation(name: str, summary: str, response_schema: str, statuses: list[str]) -> dict[str, Any]:
    """Return the parts that both operations share; `response_schema` names a component."""
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["scanner"],
        "security": [{DEVICE_TOKEN_SCHEME: []}],
        "responses": {
            "200": {
                "description": "taken",
                **json_content({"$ref": f"#/components/schemas/{response_schema}"}),
            },
            **{status: describe_problem(status) for status in statuses},
        },
    }


def add_scanner_paths(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Add both endpoints to the description; a postprocessing hook of drf-spectacular."""
    snapshot = describe_operation(
        "scanner_snapshot",
        "What a device needs to decide by itself; deltas after `since`.",
        "Snapshot",
        ["401", "422"],
    )
    snapshot["parameters"] = [*CURSOR_PARAMETERS]
    scans = describe_operation(
        "scanner_scans", "Take in scans; one result for each, in order.", "ScanResults", ["401", "503"]
    )
    scans["requestBody"] = {"required": True, **json_content({"$ref": "#/components/schemas/Scans"})}
    result["paths"]["/api/v1/scanner/snapshot/"] = {"get": snapshot}
    result["paths"]["/api/v1/scanner/scans/"] = {"post": scans}
    components = result.setdefault("components", {})
    schemes, schemas = components.setdefault("securitySchemes", {}), components.setdefault("schemas", {})
    schemas |= {"Scans": SCANS_SCHEMA, "ScanResults": RESULTS_SCHEMA, "Snapshot": SNAPSHOT_SCHEMA}
    schemes[DEVICE_TOKEN_SCHEME] = {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a paired device.",
    }
    return result
