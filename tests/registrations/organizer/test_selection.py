"""Actions on registrations selected in the organizers' list."""

import csv
import io

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from lxml import html

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.manual_scan import check_in_registration
from convention.audit.models import AuditEntry
from convention.events.models import EventRole
from convention.jobs.models import Job
from registrations.billing.receivables import calculate_amount_due, calculate_balance, sync_receivable
from registrations.changes import selections
from registrations.changes.cancel import cancel_registration
from registrations.changes.change_selected_tickets import preview_selected_changes
from registrations.invoices.documents.credit_notes import credit_invoice, credit_invoice_amount
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.models import Invoice, Receivable, Refund
from registrations.models import Order, Quota, RefundRule, Registration
from tests.factories import (
    make_company,
    make_event,
    make_member,
    make_person,
    make_registration,
    make_ticket,
)
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.organizer.selections import confirm, make_people, pay, post_selection
from tests.registrations.payments.factories import get_balance_cents

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(event):
    event.tickets.update(capacity=100)
    return event.tickets.get()


def read_names(answer) -> list[str]:
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    column = rows[0].index("Nom")
    return [row[column] for row in rows[1:]]


@pytest.mark.once
def test_selected_or_all_filtered_registrations_are_exported(organizer, event, ticket):
    first, second, third = make_people(ticket, 3)
    Registration.objects.filter(pk=third.pk).update(company="Globex")
    foreign = make_registration(make_ticket(make_event()), last_name="Étranger")
    listed = organizer.get(reverse("organize-registrations", args=[event.slug]), {"company": "Globex"})
    [form] = html.fromstring(listed.content).xpath("//main//form[.//input[@name='selected']]")
    page = organizer.get(reverse("organize-registrations", args=[event.slug]), {"select": "page"})

    preview = post_selection(organizer, "export", first, second, foreign)
    ticked = confirm(organizer, preview, kind="csv")
    matching = post_selection(organizer, "export", first, all="1", filter=form.fields["filter"], kind="csv")
    export = reverse("organize-selection-export", args=[event.slug])
    nothing = organizer.post(export, {"filter": "q=Martin"})
    nonsense = organizer.post(export, {"selected": "\0 é", "filter": "\0"}, follow=True)

    assert "Martin 00" in preview.text
    assert "1 inscription sélectionnée n’appartient pas à cet événement" in preview.text
    assert read_names(ticked) == ["Martin 00", "Martin 01"]
    assert read_names(matching) == ["Martin 02"]
    assert len(html.fromstring(page.content).xpath("//input[@name='selected'][@checked]")) == 3
    assert nothing.url.endswith("?q=Martin")
    assert "Sélectionnez au moins une inscription" in nonsense.text
    assert AuditEntry.objects.filter(verb="registrations.export").count() == 2


@pytest.mark.once
def test_selection_above_limit_is_refused(organizer, ticket, monkeypatch):
    people = make_people(ticket, 3)
    monkeypatch.setattr(selections, "MAX_SELECTED", 2)

    answer = post_selection(organizer, "export", *people)

    assert "Au plus 2 inscriptions" in answer.text


def test_cancellation_previews_and_applies_refunds(organizer, event, ticket, run_tasks, mailoutbox):
    RefundRule.objects.create(event=event, days_before=1, refund_percent=50)
    paid, unpaid, cancelled = make_people(ticket, 3)
    pay(paid, 12_000)
    cancel_registration(registration=cancelled)
    run_tasks()
    mailoutbox.clear()

    preview = post_selection(organizer, "cancel", paid, unpaid, cancelled)
    answer = confirm(organizer, preview, refund="rules")
    run_tasks()

    text = " ".join(preview.text.replace("\u202f", " ").replace("\xa0", " ").split())
    assert "60 € remboursés, 120 € de frais d’annulation, 60 € ne seront plus dus" in text
    assert "120 € remboursés, 120 € ne seront plus dus" in text
    assert "2 e-mails d’annulation" in text
    assert "déjà annulée" in text
    assert "2 inscriptions ont été annulées" in answer.text
    assert Refund.objects.get().amount == 6_000
    assert sorted(mail.to[0] for mail in mailoutbox) == ["p0@example.org", "p1@example.org"]
    ticket.refresh_from_db()
    assert ticket.reserved == 0
    assert AuditEntry.objects.filter(verb="selection.cancel").count() == 1


def test_full_refund_needs_reason_and_covers_all_places_of_order(organizer, event, ticket):
    RefundRule.objects.create(event=event, days_before=1, refund_percent=50)
    first, second = make_people(ticket, 2)
    order = first.order
    Registration.objects.filter(pk=second.pk).update(order=order)
    Order.objects.filter(pk=order.pk).update(total=24_000)
    pay(Registration.objects.get(pk=first.pk), 24_000)

    preview = post_selection(organizer, "cancel", first, second)
    refused = confirm(organizer, preview, refund="full")
    confirm(organizer, refused, refund="full", reason="salle inondée")
    again = confirm(organizer, refused, refund="full", reason="salle inondée")

    assert "Indiquez le motif du remboursement intégral" in refused.text
    assert sum(refund.amount for refund in Refund.objects.all()) == 24_000
    assert Registration.objects.filter(cancelled_at__isnull=False, cancellation_fee=0).count() == 2
    # A second click finds nothing left to cancel.
    assert "déjà annulée" in again.text
    assert AuditEntry.objects.filter(verb="registration.cancel").count() == 2


def test_order_discount_is_deducted_once_for_all_registrations(organizer, event, ticket):
    make_issuer()
    ticket.price = 8_000
    first, second = make_people(ticket, 2)
    order = first.order
    Registration.objects.filter(pk=second.pk).update(order=order)
    Order.objects.filter(pk=order.pk).update(total=16_000)
    pay(Registration.objects.get(pk=first.pk), 6_000)
    invoice = issue_invoice(receivable=Receivable.objects.get())
    credit_invoice_amount(invoice=invoice, amount=10_000, reason="geste")

    preview = post_selection(organizer, "cancel", first, second)
    confirm(organizer, preview)

    assert "60 € remboursés" in " ".join(preview.text.replace("\xa0", " ").replace("\u202f", " ").split())
    assert get_balance_cents(order) == (0, 6_000, 6_000)


def test_preview_counts_mails_and_is_repeated_after_a_change(organizer, event, ticket, run_tasks, mailoutbox):
    make_issuer()
    RefundRule.objects.create(event=event, days_before=1, refund_percent=0)
    [person] = make_people(ticket, 1)
    order = person.order
    Registration.objects.filter(pk=person.pk).update(is_private=True, email="zoe@example.org")
    order.billing_name = "Acme"
    order.save(update_fields=["billing_name"])
    pay(person, 12_000)
    issue_invoice(receivable=Receivable.objects.get())
    run_tasks()
    mailoutbox.clear()

    preview = post_selection(organizer, "cancel", person)
    checkpoint = Checkpoint.objects.create(event=event, name="Entrée")
    check_in_registration(registration=person, checkpoint=checkpoint, operator=None, direction="in")
    stale = confirm(organizer, preview, refund="rules")
    confirm(organizer, stale, refund="rules")
    run_tasks()

    choices = [
        " ".join(label.text_content().split()) for label in html.fromstring(preview.content).xpath("//label")
    ]
    [by_rules] = [text for text in choices if "règles" in text]
    [full_refund] = [text for text in choices if "intégral" in text]
    assert "2 e-mails d’annulation" in preview.text
    assert "avoir sur la facture de 1 commande" in by_rules
    assert "avoir sur la facture de 1 commande" in full_refund
    assert "Vérifiez de nouveau l’aperçu" in stale.text
    assert Invoice.objects.filter(kind="credit_note").count() == 1
    assert sorted(mail.to[0] for mail in mailoutbox) == [order.email, "zoe@example.org"]


def test_job_cancels_many_and_names_registrations_it_skipped(organizer, event, ticket, run_tasks):
    people = make_people(ticket, selections.MAX_IMMEDIATE_CHANGES + 1)

    preview = post_selection(organizer, "cancel", *people)
    with CaptureQueriesContext(connection) as few:
        post_selection(organizer, "cancel", *people[:3])
    with CaptureQueriesContext(connection) as many:
        post_selection(organizer, "cancel", *people)
    waiting = confirm(organizer, preview, refund="rules")
    # Somebody cancels before the job runs, with a request that came earlier.
    cancel_registration(registration=people[0])
    Registration.objects.filter(pk=people[0].pk).update(cancelled_at=people[0].created_at)
    run_tasks()

    job = Job.objects.get()
    assert len(many) == len(few)
    assert "Annulation de 21 inscriptions" in waiting.text
    assert job.outcome.startswith("20 inscriptions ont été annulées")
    assert f"Martin 00 ({people[0].reference})" in job.outcome
    assert Registration.objects.filter(cancelled_at__isnull=True).count() == 0


@pytest.mark.once
def test_organizer_of_another_event_cannot_cancel_registration(client, event, ticket):
    other = make_event(slug="elsewhere")
    [person] = make_people(ticket, 1)
    organizer_elsewhere = make_person()
    EventRole.objects.create(event=other, person=organizer_elsewhere, role="organizer")
    client.force_login(organizer_elsewhere)

    here = post_selection(client, "cancel", person)
    there = client.post(
        reverse("organize-selection-cancel", args=[other.slug]), {"selected": person.reference}, follow=True
    )

    assert here.status_code == 403
    assert "n’appartient pas" not in there.text
    assert Registration.objects.get().cancelled_at is None
    assert calculate_amount_due(person) == 12_000


def test_tickets_change_at_previewed_price_and_unchanged_ones_are_named(
    organizer, event, ticket, run_tasks, mailoutbox
):
    paid, unpaid, cancelled = make_people(ticket, 3)
    pay(paid, 12_000)
    cancel_registration(registration=cancelled)
    student = make_ticket(event, slug="student", name="Étudiant", price=4_000, capacity=2)
    [there] = make_people(student, 1)
    people = [paid, unpaid, cancelled, there]
    run_tasks()
    mailoutbox.clear()

    offered = post_selection(organizer, "ticket", *people)
    preview = post_selection(organizer, "ticket", *people, ticket=student.pk)
    student.price = 3_000
    student.save(update_fields=["price"])
    stale = confirm_ticket(organizer, preview)
    answer = confirm_ticket(organizer, stale, reason="tarif corrigé")
    run_tasks()

    text = " ".join(preview.text.replace("\u202f", " ").replace("\xa0", " ").split())
    assert "Étudiant" in offered.text
    assert "2 inscriptions passent au billet Étudiant" in text
    assert "Le prix total baisse de 160 €" in text
    assert "80 € ont été payés et sont remboursés" in text
    assert "Il n’y a pas assez de places : 1 inscription restera inchangée" in text
    assert "a déjà ce billet" in text
    assert "Vérifiez de nouveau l’aperçu" in stale.text
    # The second registration no longer finds a place.
    assert "Le billet de 1 inscription a été modifié" in answer.text
    assert "Martin 01" in answer.text
    assert Refund.objects.get().amount == 9_000
    assert Registration.objects.get(pk=paid.pk).price == 3_000
    assert Registration.objects.get(pk=unpaid.pk).price == 12_000
    assert [mail.to for mail in mailoutbox] == [["p0@example.org"]]


def test_bulk_change_to_members_ticket_recognizes_members(organizer, event, ticket):
    company = make_company(name="Acme")
    make_member(company, email="P0@example.org")
    member, guest = make_people(ticket, 2)
    members_ticket = make_ticket(event, slug="member", name="Adhérent", price=8_000, audience="member")

    preview = post_selection(organizer, "ticket", member, guest, ticket=members_ticket.pk)
    answer = confirm_ticket(organizer, preview, reason="adhérents")

    changed = Registration.objects.get(pk=member.pk)
    assert "Le billet de 1 inscription a été modifié" in answer.text
    assert changed.ticket == members_ticket
    assert changed.member_of == company
    assert changed.company == "Acme"
    assert Registration.objects.get(pk=guest.pk).ticket == ticket


def confirm_ticket(client, answer, **fields):
    """Submit the confirmation of a change of ticket."""
    [form] = html.fromstring(answer.content).xpath("//main//form[.//input[@name='fingerprint']]")
    address = answer.request["PATH_INFO"]
    return client.post(address, {**dict(form.form_values()), **fields}, follow=True)


def test_ticket_replacing_credited_one_is_owed_in_full(organizer, event, ticket):
    make_issuer()
    credited, unpaid = people = make_people(ticket, 2)
    invoice = issue_invoice(receivable=sync_receivable(credited.order))
    credit_invoice(invoice=invoice, reason="Geste")
    student = make_ticket(event, slug="student", name="Étudiant", price=4_000)

    preview = post_selection(organizer, "ticket", *people, ticket=student.pk)
    confirm_ticket(organizer, preview, reason="tarif corrigé")

    text = " ".join(preview.text.replace("\u202f", " ").replace("\xa0", " ").split())
    assert "Les acheteurs devront 40 € de plus" in text
    assert "Le prix total baisse de 80 €" in text
    owed = {person.pk: calculate_balance(person.order).amount for person in people}
    assert owed == {credited.pk: 4_000, unpaid.pk: 4_000}


def test_a_credited_ticket_stays_credited_at_the_same_price(organizer, event, ticket):
    make_issuer()
    [credited] = people = make_people(ticket, 1)
    credit_invoice(invoice=issue_invoice(receivable=sync_receivable(credited.order)), reason="Geste")
    other = make_ticket(event, slug="other", name="Autre", price=ticket.price)

    preview = post_selection(organizer, "ticket", *people, ticket=other.pk)
    confirm_ticket(organizer, preview, reason="erreur")

    assert "devront" not in preview.text
    assert calculate_balance(credited.order).amount == 0


@pytest.mark.once
def test_change_within_full_quota_needs_no_free_place(event, ticket):
    quota = Quota.objects.create(event=event, name="Salle", capacity=2, reserved=2)
    event.tickets.update(quota=quota)
    make_people(ticket, 2)
    other = make_ticket(event, slug="other", name="Autre", quota=quota)
    outsider = make_ticket(event, slug="outsider", name="Dehors")
    selection = selections.select_matching(event, Registration.objects.filter(event=event))

    inside = preview_selected_changes(selection, ticket=other)
    make_people(outsider, 1)
    selection = selections.select_matching(event, Registration.objects.filter(event=event))
    entering = preview_selected_changes(selection, ticket=other)

    assert inside.lacking_count == 0
    assert entering.lacking_count == 1


def test_job_changes_many_tickets_and_preview_queries_are_constant(organizer, event, ticket, run_tasks):
    people = make_people(ticket, selections.MAX_IMMEDIATE_CHANGES + 1)
    pay(people[0], 12_000)
    pay(people[1], 12_000)
    other = make_ticket(event, slug="other", name="Autre", price=15_000)

    post_selection(organizer, "ticket", *people[:3], ticket=other.pk)
    with CaptureQueriesContext(connection) as few:
        post_selection(organizer, "ticket", *people[:3], ticket=other.pk)
    with CaptureQueriesContext(connection) as many:
        preview = post_selection(organizer, "ticket", *people, ticket=other.pk)
    confirm_ticket(organizer, preview)
    run_tasks()

    assert len(many) == len(few)
    assert Job.objects.get().outcome == "Les billets de 21 inscriptions ont été modifiés."
    assert set(Registration.objects.values_list("price", flat=True)) == {15_000}


def test_refused_merge_returns_to_the_filtered_list_with_the_selection(organizer, event, ticket):
    people = make_people(ticket, 4)
    make_registration(make_ticket(event, slug="vendor", name="Fournisseur"), email="v@example.org")

    answer = post_selection(organizer, "merge", *people[:3], filter="ticket=guest&q=Martin")

    page = html.fromstring(answer.content)
    assert "Sélectionnez exactement deux inscriptions" in answer.text
    assert set(page.xpath("//input[@name='selected'][@checked]/@value")) == {
        person.reference for person in people[:3]
    }
    assert len(page.xpath("//input[@name='selected']")) == 4
    assert page.xpath("//input[@name='filter']/@value") == ["ticket=guest&q=Martin"]


def test_refused_merge_of_the_whole_list_keeps_it_selected(organizer, event, ticket):
    people = make_people(ticket, 3)

    answer = post_selection(organizer, "merge", people[0], all="1", filter="ticket=guest")

    page = html.fromstring(answer.content)
    assert page.xpath("//input[@name='all'][@checked]")
    assert page.xpath("//input[@name='filter']/@value") == ["ticket=guest"]


def test_ticket_preview_without_a_ticket_shows_an_error(organizer, event, ticket):
    people = make_people(ticket, 1)
    first_page = post_selection(organizer, "ticket", *people)

    answer = confirm(organizer, first_page)

    assert "error-summary" not in first_page.text
    assert "error-summary" in answer.text
    assert html.fromstring(answer.content).xpath("//*[@aria-invalid='true']")


@pytest.mark.once
def test_action_on_selection_returns_to_the_filtered_list(organizer, event, ticket):
    [person] = make_people(ticket, 1)

    preview = post_selection(organizer, "cancel", person, filter="ticket=guest&sort=new")
    answer = confirm(organizer, preview, reason="Doublon")

    assert Registration.objects.get().cancelled_at
    assert answer.redirect_chain[-1][0].endswith("/registrations/?ticket=guest&sort=new")
    assert 'href="/organize/congress/registrations/?ticket=guest&amp;sort=new"' in preview.text


def test_list_shows_and_filters_payment_in_a_fixed_number_of_queries(organizer, event, ticket):
    ticket.price = 12_000
    paid, unpaid, cancelled = make_people(ticket, 3)
    pay(paid, 12_000)
    Registration.objects.filter(pk=cancelled.pk).update(cancelled_at=cancelled.created_at)
    address = reverse("organize-registrations", args=[event.slug])
    counts = []
    for _repeat in range(2):
        with CaptureQueriesContext(connection) as queries:
            listed = organizer.get(address)
        counts.append(len(queries))
        make_people(ticket, 3)

    found = {
        state: [row.reference for row in organizer.get(address, {"payment": state}).context["page_obj"]]
        for state in ("paid", "unpaid")
    }

    assert listed.text.count(">non payée</span>") == 4
    assert found["paid"] == [paid.reference]
    assert unpaid.reference in found["unpaid"]
    assert cancelled.reference not in found["unpaid"]
    assert counts[0] == counts[1]


def test_cancelled_place_that_owes_a_fee_is_found_as_unpaid(organizer, event, ticket):
    ticket.price = 12_000
    with_fee, without_fee = make_people(ticket, 2)
    Registration.objects.filter(pk=with_fee.pk).update(
        cancelled_at=with_fee.created_at, cancellation_fee=3_000
    )
    Registration.objects.filter(pk=without_fee.pk).update(cancelled_at=without_fee.created_at)
    address = reverse("organize-registrations", args=[event.slug])

    listed = organizer.get(address, {"state": "cancelled", "payment": "unpaid"})

    assert [row.reference for row in listed.context["page_obj"]] == [with_fee.reference]
    assert listed.text.count(">non payée</span>") == 1


def test_cancelled_place_whose_fee_is_paid_is_found_as_paid(organizer, event, ticket):
    ticket.price = 12_000
    [person] = make_people(ticket, 1)
    Registration.objects.filter(pk=person.pk).update(cancelled_at=person.created_at, cancellation_fee=3_000)
    person.refresh_from_db()
    pay(person, 3_000)
    address = reverse("organize-registrations", args=[event.slug])

    found = {
        state: [row.reference for row in organizer.get(address, {"payment": state}).context["page_obj"]]
        for state in ("paid", "unpaid")
    }

    assert found == {"paid": [person.reference], "unpaid": []}


def test_people_of_the_same_name_are_told_apart(organizer, event, ticket):
    fields = {"first_name": "Yves", "last_name": "Aubert"}
    people = [make_registration(ticket, **fields, company=company) for company in ("Acme", "Other")]
    people.append(make_registration(ticket, first_name="Zoé", last_name="Müller"))

    named = selections.select_references(event, [row.reference for row in people]).first_people

    assert [person.distinction for person in named] == ["Acme", "Other", ""]


def test_people_of_the_same_name_and_company_are_told_apart_by_address(organizer, event, ticket):
    for email in ("ya@example.org", "yves@example.org"):
        make_registration(ticket, first_name="Yves", last_name="Aubert", company="Acme", email=email)

    named = selections.select_matching(event, Registration.objects.filter(event=event)).first_people

    assert [person.distinction for person in named] == ["ya@example.org", "yves@example.org"]
