"""Fuzz the API by its own description, as a stranger, a program and a scanner.

Every response must match the description; none may be a server error.
"""

import json

import hypothesis
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.test import Client
from hypothesis import strategies as st

pytestmark = [pytest.mark.django_db, pytest.mark.long, pytest.mark.usefixtures("one_connection")]

REFUSALS = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "429"]
# Values that match the description may still be refused: an unknown cursor, a ticket that is not on sale.
MEANING = ["2xx", "304", "401", "403", "404", "409", "422"]

CONFIG = {
    "parameters": {"path.event": "fuzz"},
    "generation": {"with-security-parameters": False},
    "checks": {
        "negative_data_rejection": {"expected-statuses": REFUSALS},
        "positive_data_acceptance": {"expected-statuses": MEANING},
    },
    "operations": [
        {
            # Each item of a batch has its own result, even if it is invalid: see test_each_scan_is_answered.
            "include-name": "POST /api/v1/scanner/scans/",
            "checks": {"negative_data_rejection": {"expected-statuses": ["200", *REFUSALS]}},
        }
    ],
}


def description():
    """Return our description with the names of existing tickets: other orders would all be refused."""
    found = json.loads(Client().get("/api/v1/schema/?format=json").content)
    place = found["components"]["schemas"]["PlaceRequest"]["properties"]
    place["ticket"]["enum"] = ["guest", "none", ""]
    return found


api_schema = schemathesis.openapi.from_dict(description(), config=schemathesis.Config.from_dict(CONFIG))
api_schema.app = WSGIHandler()


def settings(examples):
    """Return settings for the same cases in every run, so that a failure comes from a change."""
    return hypothesis.settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )


# Programs and scanners may request whatever a stranger may. PostgreSQL refuses more values than SQLite.
TOKEN_HOLDERS = [
    pytest.param("stranger", marks=pytest.mark.once),
    pytest.param("program", marks=pytest.mark.postgresql),
    pytest.param("scanner", marks=pytest.mark.once),
]


@pytest.mark.parametrize("who", TOKEN_HOLDERS)
@api_schema.parametrize()
@settings(6)
def test_every_answer_is_described(case, who, tokens):
    send_case(case, tokens[who])


def send_case(case, token):
    """Send the case, and compare the response with the description."""
    said = {"Authorization": f"Bearer {token}"} if token else {}
    case.call_and_validate(headers={"Accept-Encoding": "identity", **said})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
NEARLY = {
    "id": st.uuids().map(str),
    "code": st.text(max_size=150),
    "registration": st.text(max_size=45),
    "direction": st.sampled_from(["in", "out", "IN", ""]),
    "at": st.datetimes().map(lambda at: at.isoformat() + "+02:00"),
    "checkpoint": st.integers() | st.text(),
    "sequence": st.integers() | st.floats(),
    "clock_offset_ms": st.integers() | st.floats(),
    "local_verdict": st.sampled_from(["", "admitted", "no"]),
    "snapshot": st.integers(),
    "operator": st.text(),
    "override_reason": st.text(),
}
SCANS = st.fixed_dictionaries({}, optional={name: values | JSON for name, values in NEARLY.items()}) | JSON


@settings(60)
@hypothesis.given(scans=st.lists(SCANS, max_size=6))
def test_each_scan_is_answered(tokens, scans):
    answer = Client().post(
        "/api/v1/scanner/scans/",
        json.dumps({"scans": scans}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {tokens['scanner']}"},
    )

    assert answer.status_code == 200

    results = answer.json()["results"]
    given = [scan.get("id") if isinstance(scan, dict) else None for scan in scans]

    assert [result["id"] for result in results] == [name if isinstance(name, str) else None for name in given]
    assert {result["verdict"] for result in results} <= {"refused"}
