"""The API description equals the committed one; breaking changes are named."""

import copy
import json
import os

import pytest
from django.utils.translation import override
from drf_spectacular.generators import SchemaGenerator

from tests.api_changes import find_breaking_changes
from tests.conftest import ROOT

COMMITTED_DESCRIPTION = ROOT / "docs" / "openapi.json"
ACCEPT = "ACCEPT_API=1 .venv/bin/pytest tests/convention/api/test_description.py"


def generate_description() -> dict:
    """Return the current description, in English."""
    with override("en"):
        return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def test_api_description_equals_committed_one():
    now = generate_description()
    if os.environ.get("ACCEPT_API"):
        COMMITTED_DESCRIPTION.write_text(json.dumps(now, indent=1, ensure_ascii=False) + "\n")
    promised = json.loads(COMMITTED_DESCRIPTION.read_text())

    broken = find_breaking_changes(promised, now)

    assert broken == [], f"This breaks programs. If it must be, say so in CHANGELOG.md, then: {ACCEPT}"
    assert now == promised, f"The description has grown. Accept it, and commit docs/openapi.json: {ACCEPT}"


def test_every_operation_has_description_and_response_content():
    wordless = []
    for path, operations in generate_description()["paths"].items():
        for method, operation in operations.items():
            assert {"401", "403"} & set(operation["responses"]) or {} in operation["security"], path
            if not operation.get("description", operation.get("summary")):
                wordless.append(f"{method} {path}")
            for status, answer in operation["responses"].items():
                kind = "application/problem+json" if status >= "400" else "application/json"
                assert status == "304" or list(answer["content"]) == [kind], (path, status)

    assert wordless == []


ORDERS = "/api/v1/events/{event}/orders/"
QUOTES = "/api/v1/events/{event}/quotes/"
CANCEL = "/api/v1/events/{event}/registrations/{reference}/cancel/"


LIST = "GET /api/v1/events/{event}/registrations/"
SESSIONS = "/api/v1/events/{event}/sessions/"
TEXT = {"type": "string"}


def schema(description, name):
    """Return one schema of the description."""
    return description["components"]["schemas"][name]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["paths"].pop(ORDERS), [f"POST {ORDERS} is gone"]),
        (
            lambda d: schema(d, "OrderResponse")["properties"].pop("manage_url"),
            [f"POST {ORDERS}: 201.manage_url is gone"],
        ),
        (
            lambda d: schema(d, "OrderCreateRequest")["required"].append("company"),
            [f"POST {path}: body.company is needed now" for path in (ORDERS, QUOTES)],
        ),
        (
            lambda d: schema(d, "MoneyResponse")["properties"]["amount"].update(TEXT),
            [
                f"{LIST}: 200.results[].price.amount was integer and is string",
                f"GET {CANCEL}: 200.cancellation_fee.amount was integer and is string",
                f"POST {ORDERS}: 201.total.amount was integer and is string",
                f"POST {QUOTES}: 200.total.amount was integer and is string",
                f"POST {CANCEL}: 200.cancellation_fee.amount was integer and is string",
            ],
        ),
        (
            lambda d: schema(d, "PlaceRequest")["properties"]["first_name"].update(maxLength=9),
            [f"POST {path}: body.registrations[].first_name: maxLength is 9" for path in (ORDERS, QUOTES)],
        ),
        (
            lambda d: d["paths"][SESSIONS]["get"]["parameters"][0].update(required=True),
            [f"GET {SESSIONS}: the parameter cursor is needed now"],
        ),
        (
            lambda d: schema(d, "SnapshotResponse")["properties"]["sequence"].update(nullable=True),
            ["GET /api/v1/scanner/snapshot/: 200.sequence may now be null"],
        ),
        # Additions are compatible.
        (lambda d: d["paths"].update({"/api/v1/new/": {"get": {"responses": {}}}}), []),
        (lambda d: schema(d, "EventResponse")["properties"].update(new=TEXT), []),
        (lambda d: schema(d, "OrderCreateRequest")["properties"].update(new=TEXT), []),
    ],
)
def test_breaking_changes_are_named(change, said):
    promised = generate_description()
    now = copy.deepcopy(promised)

    change(now)

    assert find_breaking_changes(promised, now) == said
