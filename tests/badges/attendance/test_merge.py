"""Test that merging two registrations of one person preserves scans, places and payments."""

import datetime
import random

import pytest
from django.test import Client
from django.utils import timezone

from badges.attendance.merge import merge_registrations_and_scans
from badges.attendance.models import Checkpoint, Presence, Scan
from badges.attendance.scanning.manual_scan import check_in_registration
from badges.attendance.scanning.presence_store import rebuild_presence
from badges.attendance.scanning.record_encryption import make_registration_key
from badges.attendance.scanning.record_scans import record_scan_items
from registrations.billing.receivables import bill_order, sync_receivable
from registrations.booking.join_waiting_list import join_session_list
from registrations.changes.duplicates import (
    DuplicateCandidate,
    dismiss_duplicate,
    find_duplicates,
    find_pairs,
)
from registrations.changes.merge import MergeRefused, list_merged_registrations
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.ledger.payments import record_payment
from registrations.models import Registration, RegistrationAddon, WaitingEntry
from tests.badges.attendance.factories import (
    build_snapshot,
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_addon, make_administrator, make_session
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        (("zoe", "muller", "z@x.fr", ""), ("z", "m", "z@x.fr", "acme"), "email"),
        (("zoe", "muller", "z@x.fr", "acme"), ("zoe", "muller", "", "acme"), "name"),
        (("zoe", "muller", "a@x.fr", ""), ("zoe", "muller", "b@x.fr", ""), "name_alone"),
        (("zoe", "muller", "a@x.fr", "acme"), ("zoe", "muller", "b@x.fr", ""), None),
        (("zoe", "muller", "a@x.fr", "acme"), ("muller", "zoe", "b@x.fr", ""), "swapped"),
        (("zoe", "muller", "a@x.fr", "acme"), ("zoe", "mulller", "b@x.fr", "acme"), "spelling"),
        (("zoe", "muller", "a@x.fr", "acme"), ("zoe", "mueller", "b@x.fr", "acme"), "spelling"),
        (("zoe", "muller", "a@x.fr", "acme"), ("zoe", "mulelr", "b@x.fr", "acme"), "spelling"),
        (("zoe", "muller", "a@x.fr", "acme"), ("zoe", "miller", "b@x.fr", "acme"), "spelling"),
        (("zoe", "muller", "a@x.fr", "acme"), ("zoe", "miller", "b@x.fr", "beta"), None),
        (("zoe", "muller", "a@x.fr", "acme"), ("leo", "muller", "b@x.fr", "acme"), None),
        (("", "", "", "acme"), ("", "", "", "acme"), None),
    ],
)  # fmt: skip
def test_duplicate_pair_is_found_with_reason(one, other, reason):
    found = find_pairs([DuplicateCandidate(1, *one), DuplicateCandidate(2, *other)])
    assert [pair.reason for pair in found] == ([reason] if reason else [])


def test_duplicates_take_two_queries_and_exclude_dismissed_pairs(django_assert_num_queries):
    event = make_event()
    people = [make_registration(event, email="z@x.fr") for _one in range(3)]
    make_registration(event, email="z@x.fr", cancelled_at=timezone.now())
    with django_assert_num_queries(2):
        assert len(find_duplicates(event)) == 3
    dismiss_duplicate(registration=people[2], other_registration=people[0])

    dismiss_duplicate(registration=people[0], other_registration=people[2])

    assert [(pair.first_id, pair.second_id) for pair in find_duplicates(event)] == [
        (people[0].pk, people[1].pk), (people[1].pk, people[2].pk),
    ]  # fmt: skip


def load_presence_rows(event):
    fields = (
        "checkpoint",
        "registration",
        "is_inside",
        "entries",
        "first_entered_at",
        "last_entered_at",
        "last_left_at",
        "version",
    )
    return list(Presence.objects.filter(event=event, version__gt=0).order_by("pk").values_list(*fields))


def test_scans_of_both_registrations_count_for_survivor():
    event = make_event()
    kept, other = make_registration(event, company=""), make_registration(event, company="Acme SA")
    ticket = kept.ticket
    ticket.reserved = 2
    ticket.save()
    entrance = event.checkpoints.get()

    room = Checkpoint.objects.create(event=event, name="Salle")

    check_in_registration(registration=kept, checkpoint=entrance, operator=None, direction="in")
    check_in_registration(registration=other, checkpoint=entrance, operator=None, direction="out")
    check_in_registration(registration=other, checkpoint=room, operator=None)

    scans = list(Scan.objects.order_by("pk").values())
    merged = merge_registrations_and_scans(survivor=kept, other=other, fields_from_other=["company"])

    other.refresh_from_db()
    ticket.refresh_from_db()
    assert merged.company == "Acme SA"
    assert other.state == "cancelled"
    assert other.merged_into == kept
    assert ticket.reserved == 1
    assert list(Scan.objects.order_by("pk").values()) == scans
    by_door = {presence.checkpoint_id: presence for presence in Presence.objects.filter(registration=kept)}
    assert not by_door[entrance.pk].is_inside
    assert by_door[room.pk].is_inside
    assert not Presence.objects.filter(registration=other, entries__gt=0).exists()

    told = sorted(row[:-1] for row in load_presence_rows(event))
    rebuild_presence(event=event)

    assert sorted(row[:-1] for row in load_presence_rows(event)) == told


def test_merged_badge_is_refused_and_its_late_entry_counts_for_survivor():
    event = make_event()
    kept, other = make_registration(event), make_registration(event)
    (device, _token), code = make_device(event), make_badge_code(other)
    merge_registrations_and_scans(survivor=kept, other=other)

    [refused] = record_scan_items(device=device, items=[make_item(code)])

    assert refused.verdict == "refused"
    assert refused.reason == "revoked"
    assert refused.holder.pk == kept.pk

    told = {row["key"]: row["state"] for row in build_snapshot(device)["registrations"]}

    assert told == {
        make_registration_key(kept.reference): "confirmed",
        make_registration_key(other.reference): "merged",
    }

    late = timezone.now() - datetime.timedelta(hours=1)
    [entered] = record_scan_items(
        device=device, items=[make_item(code, at=late.isoformat(), local_verdict="admitted")]
    )

    assert entered.verdict == "admitted"
    assert entered.reason == "revoked"
    assert Presence.objects.get().registration == kept


def test_payments_stay_with_their_order_and_are_listed_for_survivor():
    event = make_event()
    kept, other = make_registration(event, price=10_000), make_registration(event, price=12_000)
    for one in (kept, other):
        one.order.payment, one.order.total = "invoice", one.price
        one.order.save()
    receivable = sync_receivable(other.order)
    record_payment(receivable=receivable, amount=12_000, method="transfer", external_id="x")
    before = compute_balance(receivable)

    merge_registrations_and_scans(survivor=kept, other=other)

    assert compute_balance(receivable) == before

    [(merged, paid)] = list_merged_registrations(kept)

    assert merged == other
    assert paid.amount == 12_000

    third = make_registration(event, price=5_000)
    third.order.payment, third.order.total = "invoice", 5_000
    third.order.save()
    unpaid = bill_order(third.order, [third], [])

    merge_registrations_and_scans(survivor=kept, other=third)

    assert compute_balance(unpaid).amount_owed == 0
    assert sorted(one.pk for one, _paid in list_merged_registrations(kept)) == [other.pk, third.pk]


def test_merge_moves_waiting_list_entries_and_names_lost_addons(client):
    event = make_event(slug="congress")
    kept, other = make_registration(event), make_registration(event)
    full = {"is_bookable": True, "capacity": 1, "reserved": 1, "starts_at": timezone.now() + DAY}
    both, one = (make_session(event, title, **full) for title in ("B", "O"))
    for registration, session in ((kept, both), (other, both), (other, one)):
        join_session_list(registration=registration, session=session)
    offered = WaitingEntry.objects.filter(session=one)
    later = timezone.now() + datetime.timedelta(hours=1)
    offered.update(offered_at=timezone.now(), offer_expires_at=later)
    RegistrationAddon.objects.create(registration=other, addon=make_addon(event), price=0)
    client.force_login(make_administrator())

    preview = client.get(f"/organize/congress/registrations/{kept.reference}/merge/{other.reference}/")

    assert preview.context["lost_addons"] == ["Dîner"]
    assert [side["waiting"] for side in preview.context["sides"]] == [["B"], ["B", "O"]]

    merge_registrations_and_scans(survivor=kept, other=other)

    standing = WaitingEntry.objects.active().order_by("pk")
    assert [(entry.registration, entry.session) for entry in standing] == [(kept, both), (kept, one)]
    assert offered.get().has_offer()
    one.refresh_from_db()
    assert one.reserved == 1


def test_second_merge_moves_earlier_merge_and_repeated_merge_is_refused():
    event = make_event()
    one, two, three = (make_registration(event) for _number in range(3))

    check_in_registration(registration=one, checkpoint=event.checkpoints.get(), operator=None)

    merge_registrations_and_scans(survivor=two, other=one)
    merge_registrations_and_scans(survivor=three, other=two)

    assert set(Registration.objects.filter(merged_into=three)) == {one, two}
    assert Presence.objects.get(entries__gt=0).registration == three

    for kept, other in ((three, two), (two, three), (three, three)):
        with pytest.raises(MergeRefused):
            merge_registrations_and_scans(survivor=kept, other=other)


def test_pages_propose_compare_and_merge_duplicates(client: Client, run_tasks, mailoutbox):
    event = make_event(slug="congress")
    kept = make_registration(event, email="z@x.fr", company="")
    other = make_registration(event, email="Z@x.fr", first_name="Zoë")
    kept.order.email = "z@x.fr"
    kept.order.save()
    client.force_login(make_administrator())

    page = client.get("/organize/congress/registrations/duplicates/").content.decode()

    address = f"/organize/congress/registrations/{kept.reference}/merge/{other.reference}/"
    assert address in page

    preview = client.get(address).content.decode()

    assert "Zoë" in preview
    assert "Acme" in preview
    assert client.post(address, {"first_name": "own", "company": "other"}).status_code == 302
    kept.refresh_from_db()
    assert kept.first_name == "Zoé"
    assert kept.company == "Acme"

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [["z@x.fr"]]
    assert (
        kept.reference in client.get(f"/organize/congress/registrations/{other.reference}/").content.decode()
    )
    assert client.post(address).status_code == 302
    assert address not in client.get("/organize/congress/registrations/duplicates/").content.decode()


@pytest.mark.parametrize(("paid", "left"), [(12_000, (22_000, 12_000, 10_000)), (0, (10_000, 0, 10_000))])
def test_billing_after_merge_keeps_paid_charge_and_drops_unpaid_charge(paid, left):
    event = make_event()
    kept, other = make_registration(event), make_registration(event, price=12_000, last_name="Autre")
    order = other.order
    order.payment, order.total = "invoice", 22_000
    order.save()
    third = make_registration(event, price=10_000)
    Registration.objects.filter(pk=third.pk).update(order=order)
    receivable = sync_receivable(order)
    if paid:
        record_payment(receivable=receivable, amount=paid, method="transfer", external_id="x")
    merge_registrations_and_scans(survivor=kept, other=other)
    sync_receivable(order)

    balance = compute_balance(receivable)

    assert (balance.amount_owed, balance.amount_paid, balance.amount_due) == left
    assert order.amount_due.amount == balance.amount_owed
    assert [c.line_text for c in receivable.charges.active()].count(f"Adhérent, {other.name}") == bool(paid)


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_concurrent_scan_batches_and_merges_do_not_deadlock():
    event = make_event()
    device, _token = make_device(event)
    people = [make_registration(event) for _number in range(8)]
    merge_registrations_and_scans(survivor=people[0], other=people[7])
    merge_registrations_and_scans(survivor=people[1], other=people[6])
    codes = [make_badge_code(person) for person in people]

    def work(number: int) -> None:
        if number % 8 == 0:
            merge_registrations_and_scans(
                survivor=people[number // 8 % 2 + 2], other=people[number // 16 + 4]
            )
            return
        chosen = random.Random(number).sample(codes, 4)
        record_scan_items(device=device, items=[make_item(code) for code in chosen])

    results = run_in_threads([lambda n=n: work(n) for n in range(32)], threads=8)
    assert [r for r in results if isinstance(r, Exception) and not isinstance(r, MergeRefused)] == []
    assert Scan.objects.count() == 4 * 28
