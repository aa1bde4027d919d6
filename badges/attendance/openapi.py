"""What the API's description says of the scanner's two addresses, which are plain views for speed."""

from typing import Any

from convention.api.answers import problem

from .reading import COUNTER_LIMIT, LONGEST, MOST_AT_ONCE, OFFSET_LIMIT_MS, VERDICTS

DEVICE = "deviceToken"
TEXT = {"type": "string"}
TRUTH = {"type": "boolean"}
TIME = {"type": "string", "format": "date-time"}
MAYBE_TIME = {**TIME, "nullable": True}
COUNT = {"type": "integer", "minimum": 0}
MAYBE_COUNT = {**COUNT, "nullable": True}
COUNTER = {"type": "integer", "minimum": -COUNTER_LIMIT, "maximum": COUNTER_LIMIT, "nullable": True}
OFFSET = {"type": "integer", "minimum": -OFFSET_LIMIT_MS, "maximum": OFFSET_LIMIT_MS, "nullable": True}


def whole(**properties: dict[str, Any]) -> dict[str, Any]:
    """An object that always has all of these."""
    return {"type": "object", "required": list(properties), "properties": properties}


def many(item: dict[str, Any]) -> dict[str, Any]:
    """A list of any length."""
    return {"type": "array", "items": item}


def words(name: str) -> dict[str, Any]:
    """A text of a scan, with what it may hold at most."""
    return {"type": "string", "maxLength": LONGEST[name], "nullable": True}


SCAN: dict[str, Any] = {
    "type": "object",
    "required": ["id", "direction", "at"],
    "description": "`code`, or `registration` instead of it. What does not fit is answered as invalid.",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "code": words("code"),
        "registration": words("registration"),
        "direction": {"type": "string", "enum": ["in", "out"]},
        "at": TIME,
        "checkpoint": {
            "oneOf": [{"type": "integer"}, {"type": "string", "maxLength": 200}],
            "nullable": True,
        },
        "sequence": COUNTER,
        "clock_offset_ms": OFFSET,
        "local_verdict": {"type": "string", "enum": list(VERDICTS)},
        "snapshot": COUNTER,
        "operator": words("operator"),
        "override_reason": words("override_reason"),
    },
}
RESULT = whole(
    id={"type": "string", "nullable": True, "description": "As sent; null where it was no text."},
    verdict={"type": "string", "enum": [verdict for verdict in VERDICTS if verdict]},
    reason=TEXT,
    name=TEXT,
    company=TEXT,
    ticket=TEXT,
    entered_at=MAYBE_TIME,
    gate=TEXT,
    replayed=TRUTH,
    detail=TEXT,
)
SCANS = {
    "type": "object",
    "required": ["scans"],
    "properties": {"scans": {**many(SCAN), "maxItems": MOST_AT_ONCE}},
}
RESULTS = whole(results={**many(RESULT), "maxItems": MOST_AT_ONCE}, sequence=COUNT, server_time=TIME)
SNAPSHOT = whole(
    sequence=COUNT,
    presences_cursor={"type": "string", "description": "A number; empty where nobody was read yet."},
    full={"type": "boolean", "description": "Replace what is held."},
    server_time=TIME,
    event=whole(slug=TEXT, name=TEXT, name_en=TEXT, timezone=TEXT),
    device=whole(id=COUNT, name=TEXT, checkpoint=COUNT, expires_at=TIME, may_override=TRUTH),
    keys=many(whole(number=COUNT, public_key={"type": "string", "description": "Ed25519, base64url."})),
    checkpoints=many(
        whole(
            id=COUNT,
            name=TEXT,
            kind={"type": "string", "enum": ["entrance", "session", "other"]},
            door=COUNT,
            opens_at=MAYBE_TIME,
            closes_at=MAYBE_TIME,
            is_strict=TRUTH,
            capacity=MAYBE_COUNT,
            session={**MAYBE_COUNT, "description": "Whose seats are booked: only who has one may enter."},
        )
    ),
    registrations=many(
        whole(
            key=TEXT,
            generation=COUNT,
            state={"type": "string", "enum": ["confirmed", "cancelled", "merged"]},
            sealed={"type": "string", "description": "Opened by the badge's code alone."},
        )
    ),
    removed=many(TEXT),
    presences=many(
        whole(
            key=TEXT,
            door=COUNT,
            is_inside=TRUTH,
            entered_at=MAYBE_TIME,
            left_at=MAYBE_TIME,
            read_at=MAYBE_TIME,
            gate=TEXT,
            is_mine=TRUTH,
        )
    ),
)
CURSORS = [
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
        "schema": TEXT,
    },
]


def holding(schema: dict[str, Any]) -> dict[str, Any]:
    """A body of JSON in that shape."""
    return {"content": {"application/json": {"schema": schema}}}


def operation(name: str, summary: str, answer: str, statuses: list[str]) -> dict[str, Any]:
    """What both addresses have in common; `answer` names a schema."""
    return {
        "operationId": name,
        "summary": summary,
        "tags": ["scanner"],
        "security": [{DEVICE: []}],
        "responses": {
            "200": {"description": "taken", **holding({"$ref": f"#/components/schemas/{answer}"})},
            **{status: problem(status) for status in statuses},
        },
    }


def add_scanner(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """A hook of drf-spectacular: add the two addresses to the description."""
    snapshot = operation(
        "scanner_snapshot",
        "What a device needs to decide by itself; deltas after `since`.",
        "Snapshot",
        ["401", "422"],
    )
    snapshot["parameters"] = [*CURSORS]
    scans = operation(
        "scanner_scans", "Take in scans; one result for each, in order.", "ScanResults", ["401", "503"]
    )
    scans["requestBody"] = {"required": True, **holding({"$ref": "#/components/schemas/Scans"})}
    result["paths"]["/api/v1/scanner/snapshot/"] = {"get": snapshot}
    result["paths"]["/api/v1/scanner/scans/"] = {"post": scans}
    components = result.setdefault("components", {})
    schemes, schemas = components.setdefault("securitySchemes", {}), components.setdefault("schemas", {})
    schemas |= {"Scans": SCANS, "ScanResults": RESULTS, "Snapshot": SNAPSHOT}
    schemes[DEVICE] = {"type": "http", "scheme": "bearer", "description": "The token of a paired device."}
    return result
