"""Errors are problem details, whatever a view renders."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser

from convention.api.throttles import TooManyRequests
from convention.errors import ConventionError, InvalidFields
from convention.middleware import error_response
from tests.factories import make_event

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ERROR_REQUESTS = [
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


@pytest.mark.parametrize(("method", "path", "headers", "status"), ERROR_REQUESTS)
def test_error_response_is_problem_details(client, method, path, headers, status):
    answer = getattr(client, method)(path, headers=headers)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"

    body = json.loads(answer.content)

    assert body["status"] == status
    assert set(body) == {"type", "title", "status", "detail"}


def test_api_refuses_unknown_host_with_problem_details(client, settings):
    settings.ALLOWED_HOSTS = ["convention.example.org"]
    answer = client.get("/api/v1/events/x/", headers={"host": "evil.example"})

    assert answer.status_code == 400
    assert answer.json()["type"] == "/api/v1/problems/bad-request"


NOT_FOUND_DETAIL = {"fr": "Il n’y a rien à cette adresse.", "en": "There is nothing at this address."}
INVALID_JSON_DETAIL = {
    "fr": "Le corps de la requête n’est pas du JSON valide, à la ligne 2, colonne 1.",
    "en": "The body is not valid JSON, at line 2, column 1.",
}
NO_EVENT_DETAIL = {
    "fr": "Événement introuvable. Vérifiez l’adresse.",
    "en": "We could not find this event. Check the address.",
}
WRONG_METHOD_DETAIL = {
    "fr": "Envoyez une requête POST à cette adresse.",
    "en": "Send a POST request to this address.",
}
TRANSLATED_ERRORS = [
    ("get", "/api/v1/nothing/", NOT_FOUND_DETAIL),
    ("get", "/api", NOT_FOUND_DETAIL),
    ("post", "/api/v1/events/nowhere/orders/", NO_EVENT_DETAIL),
    ("get", "/api/v1/scanner/scans/", WRONG_METHOD_DETAIL),
]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [(None, "fr"), ("de", "fr"), ("en-GB,en;q=0.9,fr;q=0.5", "en"), ("fr,en", "fr"), ("en;q=0", "fr")],
)
@pytest.mark.parametrize("asked", TRANSLATED_ERRORS)
def test_error_detail_is_in_accepted_language(client, asked, accepted, language):
    method, path, said = asked
    headers = {"accept-language": accepted} if accepted else {}

    answer = getattr(client, method)(path, data={}, content_type="application/json", headers=headers)

    assert answer.json()["detail"] == said[language]
    assert answer["Content-Language"] == language
    assert "Accept-Language" in answer["Vary"]


@pytest.mark.parametrize("language", INVALID_JSON_DETAIL)
def test_invalid_json_error_names_line_and_column(client, language):
    make_event(slug="open")
    answer = client.post(
        "/api/v1/events/open/orders/",
        "{\n,}",
        content_type="application/json",
        headers={"accept-language": language},
    )

    assert answer.status_code == 400
    assert answer.json()["detail"] == INVALID_JSON_DETAIL[language]


MISSING_SLASH_DETAIL = {
    "fr": "Il n’y a rien à cette adresse. Envoyez cette requête à {}, avec la barre oblique à la fin.",
    "en": "There is nothing at this address. Send this to {}, with a slash at the end.",
}


@pytest.mark.parametrize("method", ["post", "put", "delete"])
@pytest.mark.parametrize("language", MISSING_SLASH_DETAIL)
def test_write_without_trailing_slash_gets_404_with_correct_path(client, language, method):
    path = "/api/v1/events/open/orders"
    answer = getattr(client, method)(path, "{}", "application/json", headers={"accept-language": language})

    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == MISSING_SLASH_DETAIL[language].format(f"{path}/")


def test_get_without_trailing_slash_is_redirected(client):
    answer = client.get("/api/v1/events/open/sessions?limit=5")

    assert answer.status_code == 301
    assert answer["Location"] == "/api/v1/events/open/sessions/?limit=5"


def test_error_of_a_plain_view_names_its_fields(rf):
    error = InvalidFields("Some fields need to be corrected.", {"email": ["Write an address."]})

    response = error_response(rf.get("/api/v1/nothing/"), error)

    assert json.loads(response.content)["errors"] == {"email": ["Write an address."]}


def test_error_of_a_plain_view_has_its_details(rf):
    error = ConventionError("The price has changed.", {"quote": 12})

    response = error_response(rf.get("/api/v1/nothing/"), error)

    assert json.loads(response.content)["quote"] == 12


def test_too_many_requests_to_a_plain_view_says_when_to_retry(rf):
    response = error_response(rf.get("/api/v1/nothing/"), TooManyRequests(90))

    assert response["Retry-After"] == "90"


def test_page_for_too_many_requests_says_when_to_retry(rf):
    request = rf.get("/")
    request.user = AnonymousUser()
    request.session = {}

    response = error_response(request, TooManyRequests(90))

    assert response["Retry-After"] == "90"
