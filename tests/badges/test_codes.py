"""Test badge codes: which registrations have one, its content, and the order of codes."""

import pytest
from django.utils import timezone

from badges.codes import NoBadge, build_badge_code, build_badge_codes, find_event_by_token
from convention.codes import badge_codes
from convention.events.models import EventKey
from convention.events.signing_keys import create_key, get_signing_key
from tests.factories import make_event, make_registration, make_ticket
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db


def test_code_is_signed_with_event_key_and_contains_registration():
    registration = make_registration(badge_version=3)
    key = get_signing_key(registration.event)

    signed = badge_codes.parse_badge_code(build_badge_code(registration))

    assert signed.claim == badge_codes.BadgeClaim(
        key_number=key.number, registration_reference=registration.reference, badge_version=3
    )
    assert signed.is_signed_by(bytes(key.public_key))


def test_code_is_upper_case_url_of_site(settings):
    settings.SITE_URL = "https://convention.example.org"
    assert build_badge_code(make_registration()).startswith("HTTPS://CONVENTION.EXAMPLE.ORG/B/")


def test_event_reuses_its_key_and_key_numbers_differ():
    event, other = make_event(), make_event()

    assert get_signing_key(event) == get_signing_key(event)
    assert get_signing_key(event).number != create_key(other).number
    assert 0 <= get_signing_key(event).number < 2**24


def test_private_keys_are_encrypted_and_old_codes_survive_new_secret_key(settings):
    registration = make_registration()
    first = get_signing_key(registration.event)

    old = build_badge_code(registration)

    stored = bytes(EventKey.objects.get().encrypted_private_key)
    assert len(first.private_key) == 32
    assert first.private_key not in stored

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"

    assert build_badge_code(registration) == old

    settings.SECRET_KEY_FALLBACKS = []
    new = build_badge_code(registration)

    assert new != old
    assert EventKey.objects.count() == 2
    assert build_badge_code(registration) == new
    for code in (old, new):
        assert find_event_by_token(code.rpartition("/")[2]) == registration.event


@pytest.mark.parametrize("fields", [{"confirmed_at": None}, {"cancelled_at": timezone.now()}])
def test_unconfirmed_and_cancelled_registrations_have_no_code(fields):
    registration = make_registration(**fields)

    with pytest.raises(NoBadge):
        build_badge_code(registration)
    assert list(build_badge_codes(registration.event)) == []


def test_codes_are_sorted_by_last_name_without_accents_and_case():
    ticket = make_ticket()
    names = ["Éluard", "zola", "Øster", "Eluard", "Œuvrard", "Ábel", "Łukasz", "de Gaulle", "Petit"]
    made = {name: make_registration(ticket, last_name=name, first_name="A") for name in names}

    listed = [(holder.last_name, code) for holder, code in build_badge_codes(ticket.event)]

    assert [name for name, _ in listed] == [
        "Ábel", "de Gaulle", "Éluard", "Eluard", "Łukasz", "Œuvrard", "Øster", "Petit", "zola",
    ]  # fmt: skip
    assert listed == [(name, build_badge_code(made[name])) for name, _ in listed]


def test_query_count_of_codes_does_not_grow(django_assert_num_queries):
    ticket = make_ticket()
    get_signing_key(ticket.event)
    for count in (1, 5):
        for _ in range(count):
            make_registration(ticket)
        with django_assert_num_queries(2):
            list(build_badge_codes(ticket.event))


@pytest.mark.django_db(transaction=True)
def test_concurrent_requests_create_one_signing_key():
    event = make_event()
    keys = run_in_threads([lambda: get_signing_key(event).number] * 6)

    assert len(set(keys)) == 1
