"""Test scans of short codes that are typed on a scanner."""

import pytest

from badges.attendance.merge import merge_registrations_and_scans
from badges.attendance.models import Presence, Scan
from badges.attendance.scanning.lookup.short_codes import MAX_SHORT_CODES, SHORT_CODE_WINDOW_SECONDS
from badges.codes import make_short_code
from convention.api.throttles import consume_rate_limit
from convention.events.sequence import advance_sequence
from registrations.notes.staff_notes import write_staff_note
from tests.badges.attendance.factories import (
    make_badge_code,
    make_bearer_header,
    make_device,
    make_event,
    make_item,
    make_registration,
)

URL = "/api/v1/scanner/scans/"
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def event():
    return make_event()


def send(client, token, *items):
    body = {"scans": list(items)}
    return client.post(URL, body, content_type="application/json", headers=make_bearer_header(token)).json()[
        "results"
    ]


def reprint(registration):
    """Raise the badge's version, as a reprint does."""
    registration.badge_version += 1
    registration.sequence = advance_sequence(registration.event_id)
    registration.save()


def test_typed_short_code_admits_shows_attendee_and_is_stored_once(client, event):
    token = make_device(event, can_override=False)[1]
    typed, read = make_registration(event, last_name="Tapée", no_photo=True), make_registration(event)
    write_staff_note(registration=typed, text="VIP", written_by=None)
    item = make_item(make_short_code(make_badge_code(typed)))

    typed_result, read_result = send(client, token, item, make_item(make_badge_code(read)))
    [replayed] = send(client, token, item)

    assert typed_result["verdict"] == "admitted"
    assert typed_result["attendee"]["registration"] == typed.reference
    assert typed_result["attendee"]["person"]["note"] == "VIP"
    assert typed_result["attendee"]["person"]["no_photo"] is True
    assert "attendee" not in read_result
    assert replayed["replayed"] is True
    assert replayed["attendee"] == typed_result["attendee"]
    assert Presence.objects.get(registration=typed).entries == 1
    assert Scan.objects.get(registration=typed).reason == ""


def test_unassigned_place_needs_action_at_desk(client, event):
    token = make_device(event, can_override=True)[1]
    unnamed = make_registration(event, first_name="", last_name="")

    [result] = send(client, token, make_item(make_short_code(make_badge_code(unnamed))))
    snapshot = client.get("/api/v1/scanner/snapshot/", headers=make_bearer_header(token)).json()

    assert result["verdict"] == "action"
    assert result["reason"] == "unnamed"
    assert [row["state"] for row in snapshot["registrations"]] == ["unnamed"]


def test_unknown_short_codes_are_refused_and_rate_limited(client, event, settings):
    settings.RATE_LIMITS = "on"
    token = make_device(event)[1]
    known, other = make_registration(event), make_registration(event)
    foreign = make_registration(make_event())
    [known_result] = send(client, token, make_item(make_short_code(make_badge_code(known)), direction="out"))
    codes = [make_short_code(make_badge_code(foreign)), *(f"{number:A>8}" for number in (2, 3, 4, 5, 6, 7))]
    codes += [f"B{code[1:]}" for code in codes[1:]] + [f"C{code[1:]}" for code in codes[1:]]

    results = send(client, token, *map(make_item, codes))
    last = send(client, token, make_item(make_short_code(make_badge_code(other))))
    # A short code that was resolved before and a scanned badge code do not count as tries.
    again = send(
        client, token, make_item(make_short_code(make_badge_code(known))), make_item(make_badge_code(other))
    )

    assert known_result["verdict"] == "admitted"
    assert len(codes) == MAX_SHORT_CODES - 1
    assert {(result["verdict"], result["reason"]) for result in results} == {("refused", "unknown")}
    assert last[0]["verdict"] == "refused"
    assert last[0]["reason"] == "too_many_tries"
    assert last[0]["name"] == ""
    assert [result["verdict"] for result in again] == ["admitted", "admitted"]
    assert Scan.objects.filter(reason="too_many_tries", registration=None).count() == 1


def test_typed_scan_is_undone_after_reprint_and_old_short_code_is_refused(client, event):
    token = make_device(event, can_override=False)[1]
    attendee = make_registration(event)
    code = make_short_code(make_badge_code(attendee))
    item = make_item(code)
    send(client, token, item)
    reprint(attendee)

    [undo] = send(client, token, make_item(code, undoes=item["id"], let_in=False))
    presence = Presence.objects.get(registration=attendee)
    [old] = send(client, token, make_item(code))
    [new] = send(client, token, make_item(make_short_code(make_badge_code(attendee))))

    assert undo["reason"] == "undone"
    assert presence.entries == 0
    assert presence.is_inside is False
    assert old["verdict"] == "refused"
    assert old["reason"] == "revoked"
    assert new["verdict"] == "admitted"


def test_short_code_of_merged_badge_is_refused_and_counts_as_one_try(client, event, settings):
    settings.RATE_LIMITS = "on"
    device, token = make_device(event)
    kept, other = make_registration(event, last_name="Gardée"), make_registration(event)
    code = make_short_code(make_badge_code(other))
    merge_registrations_and_scans(survivor=kept, other=other)
    tries, window = MAX_SHORT_CODES - 1, SHORT_CODE_WINDOW_SECONDS
    consume_rate_limit("scanner-short-code", str(device.pk), limit=tries, window_seconds=window, amount=tries)

    # Recording is attempted twice, since the survivor has to be locked too; the limit allows one try.
    [result] = send(client, token, make_item(code))

    assert result["verdict"] == "refused"
    assert result["reason"] == "revoked"
    assert result["attendee"]["registration"] == kept.reference
