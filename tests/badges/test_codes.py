"""Who has a code, what it says, in which order they come."""

import pytest
from django.utils import timezone

from badges.codes import NoBadge, build_badge_code, build_badge_codes, find_event_by_token
from convention.codes import badge_codes
from convention.events.models import EventKey
from convention.events.signing_keys import create_key, get_signing_key
from tests.factories import make_event, make_registration, make_ticket
from tests.threads import in_threads

pytestmark = pytest.mark.django_db


def test_a_code_is_signed_by_the_events_key_and_names_the_registration():
    registration = make_registration(badge_version=3)
    key = get_signing_key(registration.event)
    signed = badge_codes.parse_badge_code(build_badge_code(registration))
    assert signed.claim == badge_codes.BadgeClaim(
        key_number=key.number, registration_reference=registration.reference, badge_version=3
    )
    assert signed.is_signed_by(bytes(key.public_key))


def test_a_code_is_an_upper_case_address_of_this_site(settings):
    settings.SITE_URL = "https://convention.example.org"
    assert build_badge_code(make_registration()).startswith("HTTPS://CONVENTION.EXAMPLE.ORG/B/")


def test_an_event_keeps_its_key_and_no_two_share_a_number():
    event, other = make_event(), make_event()
    assert get_signing_key(event) == get_signing_key(event)
    assert get_signing_key(event).number != create_key(other).number
    assert 0 <= get_signing_key(event).number < 2**24


def test_private_keys_are_encrypted_and_under_another_key_old_badges_stay_valid(settings):
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
def test_pending_and_cancelled_have_no_code(fields):
    registration = make_registration(**fields)
    with pytest.raises(NoBadge):
        build_badge_code(registration)
    assert list(build_badge_codes(registration.event)) == []


def test_everyone_comes_by_last_name_whatever_the_accents_and_case():
    ticket = make_ticket()
    names = ["Éluard", "zola", "Øster", "Eluard", "Œuvrard", "Ábel", "Łukasz", "de Gaulle", "Petit"]
    made = {name: make_registration(ticket, last_name=name, first_name="A") for name in names}
    listed = [(holder.last_name, code) for holder, code in build_badge_codes(ticket.event)]
    assert [name for name, _ in listed] == [
        "Ábel", "de Gaulle", "Éluard", "Eluard", "Łukasz", "Œuvrard", "Øster", "Petit", "zola",
    ]  # fmt: skip
    assert listed == [(name, build_badge_code(made[name])) for name, _ in listed]


def test_codes_ask_the_database_as_often_for_one_as_for_many(django_assert_num_queries):
    ticket = make_ticket()
    get_signing_key(ticket.event)
    for count in (1, 5):
        for _ in range(count):
            make_registration(ticket)
        with django_assert_num_queries(2):
            list(build_badge_codes(ticket.event))


@pytest.mark.django_db(transaction=True)
def test_all_who_need_the_first_key_at_once_get_the_same_one():
    event = make_event()
    keys = in_threads([lambda: get_signing_key(event).number] * 6)
    assert len(set(keys)) == 1
