"""Links derived from SECRET_KEY, and encrypted tokens: validity and content."""

import base64
import datetime
import re
import time

import pytest

from badges.mailings.unsubscribe import make_unsubscribe_url, read_unsubscribe_token
from convention.club.claims import make_claim_token
from convention.codes.secret_keys import ExpiredToken, UnreadableToken, decrypt_token, encrypt_token
from convention.errors import NotFound
from convention.web.link_secrets import derive_link_secret, find_by_link_token, is_link_secret
from registrations.booking.verification import make_verification_token
from registrations.changes.links import replace_attendee_link
from registrations.models import Order
from registrations.permissions import get_order_by_link, make_own_secret
from schedule.models import PersonalAgenda
from tests.factories import make_event, make_order, make_person, make_registration, make_ticket

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ADDRESS = "ana.silva@example.org"


def make_forgeries(token: str) -> list[str]:
    """Return tokens that differ a little from this one."""
    other = "A" if token[-1] != "A" else "E"
    return ["", "x", token[:-1], token[1:], f"{token}A", f"{token}=", token[:-1] + other, token.swapcase(),
            f"{token[:20]} {token[21:]}", "é" * 43, "\x00" * 43]  # fmt: skip


def test_link_secret_is_valid_only_for_its_purpose_and_parts():
    secret = derive_link_secret("order", "ABC", 1)

    assert re.fullmatch(r"[\w-]{43}", secret)
    assert is_link_secret(secret, "order", "ABC", 1)
    for purpose, *parts in (("own", "ABC", 1), ("order", "ABC", 2), ("order", "ABD", 1), ("order", "ABC")):
        assert not is_link_secret(secret, purpose, *parts)
    assert not any(is_link_secret(forged, "order", "ABC", 1) for forged in make_forgeries(secret))


def test_secrets_of_earlier_key_are_valid_while_it_is_a_fallback(settings):
    selection = PersonalAgenda.objects.create(event=make_event())
    secret, token, encrypted = (
        derive_link_secret("order", "A"),
        selection.link_token,
        encrypt_token("news", ADDRESS),
    )

    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another key"

    assert derive_link_secret("order", "A") != secret
    assert is_link_secret(secret, "order", "A")
    assert find_by_link_token(PersonalAgenda.objects.all(), token) == selection
    assert decrypt_token("news", encrypted) == ADDRESS

    settings.SECRET_KEY_FALLBACKS = []

    assert not is_link_secret(secret, "order", "A")
    assert find_by_link_token(PersonalAgenda.objects.all(), token) is None
    with pytest.raises(UnreadableToken):
        decrypt_token("news", encrypted)


def test_link_token_finds_only_its_row_until_version_is_raised():
    event = make_event()
    mine, other = (PersonalAgenda.objects.create(event=event) for _each in range(2))

    rows = PersonalAgenda.objects.all()
    assert find_by_link_token(rows, mine.link_token) == mine
    assert find_by_link_token(rows.exclude(pk=mine.pk), mine.link_token) is None
    for forged in (*make_forgeries(mine.link_token), mine.link_token[:22] + other.link_token[22:]):
        assert find_by_link_token(rows, forged) is None

    old = mine.link_token
    mine.link_version += 1
    mine.save()

    assert find_by_link_token(rows, old) is None
    assert find_by_link_token(rows, mine.link_token) == mine


def test_encrypted_token_is_valid_for_its_purpose_and_max_age(monkeypatch):
    token = encrypt_token("news", [1, ADDRESS])

    assert decrypt_token("news", token, max_age=datetime.timedelta(days=1)) == [1, ADDRESS]
    assert re.fullmatch(r"[\w-]+", token)

    for purpose, given in [("proof", token), *(("news", forged) for forged in make_forgeries(token))]:
        with pytest.raises(UnreadableToken):
            decrypt_token(purpose, given)
    made = time.time()

    monkeypatch.setattr("convention.codes.secret_keys.time.time", lambda: made + 2 * 24 * 3600)

    with pytest.raises(ExpiredToken):
        decrypt_token("news", token, max_age=datetime.timedelta(days=1))
    assert decrypt_token("news", token) == [1, ADDRESS]


def read_without_key(token: str) -> str:
    """Return what can be read of a token without a key."""
    found = [token]
    for start in range(4):
        for part in token[start:].split("."):
            found.append(base64.urlsafe_b64decode(part[: len(part) // 4 * 4]).decode("latin-1"))
    return " ".join(found)


def test_links_do_not_reveal_email_address():
    ticket = make_ticket(audience="member")
    registration = make_registration(ticket, email=ADDRESS, confirmed_at=None)
    url = make_unsubscribe_url(recipient_id=1, address=ADDRESS, language="en")
    claimed = make_person(email=None, claimed_email=ADDRESS)

    tokens = [
        make_verification_token(registration.order, registration.email),
        url.rstrip("/").rpartition("/")[2],
        make_own_secret(registration),
        make_claim_token(claimed),
    ]

    assert read_unsubscribe_token(tokens[1]).address == ADDRESS
    assert [token for token in tokens if "silva" in read_without_key(token)] == []
    assert "silva" in read_without_key(
        base64.urlsafe_b64encode(ADDRESS.encode()).decode()
    )  # positive control


def test_links_are_invalid_after_link_or_badge_version_is_raised():
    registration = make_registration(email=ADDRESS)
    order = registration.order

    old = [order.manage_secret, make_own_secret(registration)]

    assert [len(get_order_by_link(order.reference, secret).registrations) for secret in old] == [1, 1]

    order.save(update_fields=order.raise_all_link_versions())
    for secret in (*old, make_order(order.event).manage_secret):
        with pytest.raises(NotFound):
            get_order_by_link(order.reference, secret)

    new = make_own_secret(registration)

    assert len(get_order_by_link(order.reference, new).registrations) == 1

    registration.badge_version += 1
    registration.save()

    with pytest.raises(NotFound):
        get_order_by_link(order.reference, new)


def test_replacing_buyer_link_keeps_attendee_links_and_reuses_no_version():
    registration = make_registration(email=ADDRESS)
    order, stale = registration.order, Order.objects.get()
    old, own = order.manage_secret, make_own_secret(registration)
    order.save(update_fields=order.raise_link_version())

    stale.save(update_fields=stale.raise_link_version())

    assert order.link_version == 1
    assert stale.link_version == 2
    assert stale.attendee_links_version == 0
    assert len(get_order_by_link(order.reference, own).registrations) == 1

    for secret in (old, order.manage_secret):
        with pytest.raises(NotFound):
            get_order_by_link(order.reference, secret)

    assert get_order_by_link(order.reference, stale.manage_secret).is_full


def test_link_of_private_registration_survives_replaced_order_links():
    registration = make_registration(email=ADDRESS)
    order, shared = registration.order, make_own_secret(registration)
    registration.is_private = True
    registration.save()
    private = make_own_secret(registration)

    order.save(update_fields=order.raise_all_link_versions())

    with pytest.raises(NotFound):
        get_order_by_link(order.reference, shared)
    assert get_order_by_link(order.reference, private).registrations == [registration]

    replace_attendee_link(registration=registration)

    with pytest.raises(NotFound):
        get_order_by_link(order.reference, private)
