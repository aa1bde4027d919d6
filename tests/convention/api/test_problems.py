"""Whatever a view renders, its errors are problem details."""

import json

import pytest

pytestmark = pytest.mark.django_db

ASKED = [
    ("post", "/api/v1/schema/", {}, 405),
    ("get", "/api/v1/schema/", {"accept": "image/png"}, 406),
    ("get", "/api/v1/schema/?format=zzz", {}, 404),
    ("post", "/api/v1/docs/", {}, 405),
    ("get", "/api/v1/docs/", {"accept": "application/json"}, 406),
    ("get", "/api/v1/docs/?format=zzz", {}, 404),
    ("get", "/api/v1/problems/zzz", {}, 404),
    ("get", "/api", {}, 404),
    ("get", "/api/v1/events/nowhere/", {}, 404),
]


@pytest.mark.parametrize(("method", "path", "headers", "status"), ASKED)
def test_an_error_is_a_problem(client, method, path, headers, status):
    answer = getattr(client, method)(path, headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    body = json.loads(answer.content)
    assert (body["status"], set(body)) == (status, {"type", "title", "status", "detail"})
