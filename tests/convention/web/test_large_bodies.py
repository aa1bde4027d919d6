"""Request bodies above the limit are refused at any address, with problem details or a page."""

import pytest

from tests.factories import make_event, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SIX_MB = b'"' + b"a" * 6 * 1024 * 1024 + b'"'


def post(client, path, data=SIX_MB, content_type="application/json"):
    return client.post(path, data, content_type=content_type)


def test_api_refuses_large_body_with_problem_details(client):
    make_ticket(make_event(slug="x"))
    for path in ("/api/v1/events/x/orders/", "/api/v1/scanner/scans/"):
        answer = post(client, path)
        assert answer.status_code == 413
        assert answer["Content-Type"] == "application/problem+json"
        assert answer.json()["type"] == "/api/v1/problems/too-large"


def test_site_refuses_large_body_with_page(client):
    answer = post(client, "/en/accounts/login/", content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 413
    assert "This is too large. Send at most 5 MB." in answer.content.decode()


def test_invalid_content_length_is_ignored(client):
    answer = client.post("/language/", {"language": "en", "next": "/"}, CONTENT_LENGTH="lots")
    assert answer.status_code == 302
