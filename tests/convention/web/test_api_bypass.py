"""API requests skip sessions, forms and messages; everything else of a response is unchanged."""

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import make_event, make_person, make_ticket

pytestmark = pytest.mark.django_db
PATH = "/api/v1/events/congress/orders/"


@pytest.fixture
def client():
    make_ticket(make_event(slug="congress"))
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_person())
    return client


def test_api_request_does_not_read_session(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.post(PATH, "{", content_type="application/json", headers={"Accept-Language": "en"})

    assert answer.status_code == 400
    assert answer.json()["type"] == "/api/v1/problems/parse-error"
    assert not hasattr(answer.wsgi_request, "session")


def test_api_response_has_security_headers_and_requested_language(client):
    for language in ("en", "fr"):
        answer = client.post(
            PATH, "{}", content_type="application/json", headers={"Accept-Language": language}
        )
        assert answer.headers["Content-Language"] == language
        assert {"Content-Security-Policy", "X-Frame-Options", "X-Request-Id", "Vary"} <= set(answer.headers)
        assert answer.status_code == 422


def test_problem_pages_and_forms_are_not_bypassed(client):
    answer = client.get("/api/v1/problems/not-found")

    assert answer.wsgi_request.user.is_authenticated
    assert client.post("/events/congress/register/", {}).status_code == 403


def test_bypass_skips_session_csrf_and_message_middleware():
    names = [path.rpartition(".")[2] for path in settings.MIDDLEWARE]

    past = names[names.index("ApiBypassMiddleware") + 1 : names.index("ApiBypassEndMiddleware")]
    assert {
        "SessionMiddleware",
        "CsrfViewMiddleware",
        "AuthenticationMiddleware",
        "MessageMiddleware",
    } <= set(past)
    assert not {
        "ErrorPageMiddleware",
        "BodySizeMiddleware",
        "SecondFactorMiddleware",
        "LanguageMiddleware",
    } & set(past)
