"""API tokens: shown once, scoped, revoked at once; errors are problems."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from convention.api.models import ApiToken
from convention.api.problems import PROBLEM_DESCRIPTIONS, list_error_classes
from convention.api.tokens import create_token, revoke_token
from convention.audit.models import AuditEntry
from convention.club.models import Person
from convention.errors import InvalidFields, NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    return Person.objects.create_user("ada@club.example", first_name="Ada")


def test_only_token_hash_is_stored_and_creation_is_audited(person):
    row, token = create_token(person_id=person.pk, name="script", scopes=["events:read"])

    assert token.startswith("cvn_")
    assert token not in str(ApiToken.objects.filter(pk=row.pk).values().get())
    assert list(AuditEntry.objects.values_list("verb", "fields")) == [
        ("api_token.create", ["name", "scopes"])
    ]


@pytest.mark.parametrize("scopes", [[], ["everything"], ["events:read", "root"]])
def test_unknown_scopes_are_refused(person, scopes):
    with pytest.raises(InvalidFields):
        create_token(person_id=person.pk, name="script", scopes=scopes)


def test_token_of_another_person_cannot_be_revoked(person):
    row, _token = create_token(person_id=person.pk, name="script", scopes=["events:read"])

    with pytest.raises(NotFound):
        revoke_token(person_id=person.pk + 1, token_id=row.pk)
    assert ApiToken.objects.get().is_valid()


def test_token_is_invalid_after_expiry_or_revocation(person):
    row, _token = create_token(
        person_id=person.pk, name="x", scopes=["events:read"], lifetime=datetime.timedelta(days=1)
    )

    assert row.is_valid()
    assert not row.is_valid(at=timezone.now() + datetime.timedelta(days=1))

    revoke_token(person_id=person.pk, token_id=row.pk)

    assert not ApiToken.objects.get().is_valid()


def test_the_page_shows_the_token_once(client, person):
    client.force_login(person)
    page = client.post(
        reverse("api-tokens"), {"name": "badge printer", "scopes": ["events:read"], "lifetime": "30"}
    )

    token = page.context["new_token"]
    assert token in page.content.decode()

    again = client.get(reverse("api-tokens")).content.decode()

    assert token not in again
    assert "badge printer" in again
    assert "lire les événements et les programmes" in again


def test_anonymous_user_is_redirected_to_sign_in(client):
    answer = client.get(reverse("api-tokens"))

    assert answer.status_code == 302
    assert answer.url == "/accounts/login/?next=/me/tokens/"


def test_invalid_fields_get_form_errors(client, person):
    client.force_login(person)
    page = client.post(reverse("api-tokens"), {"name": "x" * 101, "scopes": ["root"]})

    assert set(page.context["form"].errors) == {"name", "scopes"}
    assert ApiToken.objects.count() == 0


def test_unknown_path_returns_problem_details(client):
    answer = client.get("/api/v1/nothing/here/")

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/api/v1/problems/not-found",
        "title": "Not found",
        "status": 404,
        "detail": "Il n’y a rien à cette adresse.",
    }


def test_every_described_problem_type_has_a_page(client):
    pages = {kind: client.get(f"/api/v1/problems/{kind}") for kind in PROBLEM_DESCRIPTIONS}

    assert {kind: page.json() for kind, page in pages.items()} == {
        kind: {"type": f"/api/v1/problems/{kind}", "description": sentence}
        for kind, sentence in PROBLEM_DESCRIPTIONS.items()
    }
    assert PROBLEM_DESCRIPTIONS["sold-out"] == "No places are left."


def test_kind_of_every_error_class_has_a_page(client):
    pages = {
        kind: client.get(f"/api/v1/problems/{kind}") for kind in {one.kind for one in list_error_classes()}
    }

    assert [
        kind for kind, page in pages.items() if page.status_code != 200 or not page.json()["description"]
    ] == []
    assert pages["session-conflict"].json()["description"] == (
        "The session overlaps others that are booked (`conflicting_sessions`)."
    )


def test_unknown_problem_type_is_not_found(client):
    assert client.get("/api/v1/problems/nonsense").status_code == 404


def test_schema_lists_all_paths_and_docs_have_no_inline_script(client):
    schema = client.get("/api/v1/schema/?format=json").json()

    assert schema["info"]["title"] == "Convention"
    assert set(schema["paths"]) == {
        "/api/v1/events/{event}/",
        "/api/v1/events/{event}/attendance/",
        "/api/v1/events/{event}/attendance/figures/",
        "/api/v1/events/{event}/headcount/",
        "/api/v1/events/{event}/draft/",
        "/api/v1/events/{event}/draft/slots/",
        "/api/v1/events/{event}/draft/undo/",
        "/api/v1/events/{event}/draft/conflicts/",
        "/api/v1/events/{event}/publish/",
        "/api/v1/events/{event}/sessions/{guid}/",
        "/api/v1/events/{event}/sessions/{guid}/cancel/",
        "/api/v1/events/{event}/sessions/{guid}/restore/",
        "/api/v1/events/{event}/speakers/",
        "/api/v1/events/{event}/speakers/{guid}/",
        "/api/v1/events/{event}/proposals/",
        "/api/v1/events/{event}/rooms/",
        "/api/v1/events/{event}/rooms/{id}/",
        "/api/v1/events/{event}/sessions/",
        "/api/v1/events/{event}/orders/",
        "/api/v1/events/{event}/quotes/",
        "/api/v1/events/{event}/registrations/",
        "/api/v1/events/{event}/registrations/{reference}/cancel/",
        "/api/v1/scanner/snapshot/",
        "/api/v1/scanner/scans/",
        "/api/v1/scanner/pair/",
        "/api/v1/scanner/search/",
        "/api/v1/scanner/attendees/",
        "/api/v1/scanner/conflicts/",
        "/api/v1/scanner/checkpoint/",
    }

    docs = client.get("/api/v1/docs/")

    assert "<script>" not in docs.content.decode()
