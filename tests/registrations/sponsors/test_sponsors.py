"""Packages: ordering, charges, places and cancellation, by sponsors and by organizers."""

import datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import NotOpenNow, SoldOut
from registrations.billing.receivables import sync_receivable
from registrations.changes.cancel import AlreadyCancelled
from registrations.invoices.documents.issuing import issue_invoice
from registrations.invoices.ledger.balance import compute_balance
from registrations.invoices.models.documents import Receivable
from registrations.models import Order, Registration, Sponsorship
from registrations.payments.cards.demo_payments import record_demo_payment
from registrations.sponsors.sponsorship_list import list_sponsorships
from registrations.sponsors.sponsorships import cancel_sponsorship, take_package, take_package_as_organizer
from tests.factories import make_ticket
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.sponsors.factories import make_package, make_sponsor_request, make_sponsorship

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SPONSOR_FORM = {
    "name": "Acme", "contact": "Zoé Müller", "email": "zoe@acme.example", "website": "acme.example",
    "billing_name": "Acme SA", "billing_street": "1 quai", "billing_postcode": "69002",
    "billing_city": "Lyon", "billing_country": "FR", "payment": "invoice",
    "language": "en", "nonce": "once", "shown_price": "120000",
}  # fmt: skip


@pytest.fixture
def package(event):
    staff = make_ticket(event, slug="stand", name="Stand", is_public=False, price=5_000)
    return make_package(event, event.tickets.get(slug="guest"), capacity=1, badge_ticket=staff, badges=1)


def test_package_creates_one_order_with_charge_and_unassigned_places(event, package):
    one = make_sponsorship(package, has_logo=False)

    package.refresh_from_db()
    assert package.reserved == 1
    assert one.order.amount_due.amount == 120_000
    places = one.order.registrations.order_by("pk")
    assert [(r.ticket.slug, r.price, r.has_name, r.state) for r in places] == [
        ("guest", 0, False, "confirmed"), ("guest", 0, False, "confirmed"), ("stand", 0, False, "confirmed"),
    ]  # fmt: skip
    assert [t.reserved for t in event.tickets.order_by("slug")] == [2, 1]
    charge = Receivable.objects.get().charges.get()
    assert charge.description.endswith("Or, Acme")
    assert (charge.amount, charge.vat_rate) == (120_000, 2000)


def test_confirmation_names_the_package_and_its_price(package, run_tasks, mailoutbox):
    make_sponsorship(package, has_logo=False)
    Order.objects.update(language="en")

    run_tasks()

    [text] = [" ".join(mail.body.split()) for mail in mailoutbox if "confirmed" in mail.subject]
    assert "- Package: Gold, €1,200" in text
    assert "of which this e-mail lists only a part" not in text


def test_sponsorships_are_listed_by_package_then_name(event):
    silver, gold = make_package(event, slug="silver", position=2), make_package(event, position=1)
    for package, name in ((silver, "Acme"), (gold, "Zeta"), (gold, "Émile")):
        make_sponsorship(package, name=name, has_logo=False)

    assert [sponsorship.name for sponsorship in list_sponsorships(event)] == ["Émile", "Zeta", "Acme"]


def test_invoice_of_sponsorship_names_package(package):
    make_issuer()
    one = take_package(
        package=package, sponsor_request=make_sponsor_request(purchase_order="PO-7"), idempotency_key="a"
    )

    document = issue_invoice(receivable=sync_receivable(one.order))

    assert document.total == 120_000
    assert document.vat == 20_000
    assert document.details["purchase_order"] == "PO-7"
    assert document.lines.get().description.endswith("Or, Acme")


def test_same_idempotency_key_takes_package_once(package):
    first = take_package(package=package, sponsor_request=make_sponsor_request(), idempotency_key="a")

    assert take_package(package=package, sponsor_request=make_sponsor_request(), idempotency_key="a") == first
    with pytest.raises(SoldOut):
        take_package(package=package, sponsor_request=make_sponsor_request(), idempotency_key="b")
    assert Order.objects.count() == 1


def test_package_cannot_be_taken_if_its_ticket_is_full(event, package):
    event.tickets.filter(slug="guest").update(capacity=1)

    with pytest.raises(SoldOut):
        take_package(package=package, sponsor_request=make_sponsor_request(), idempotency_key="a")
    package.refresh_from_db()
    assert package.reserved == 0
    assert Order.objects.count() == 0


def test_only_organizer_can_take_package_not_on_sale(package):
    package.closes_at = timezone.now() - datetime.timedelta(days=1)
    package.save()

    with pytest.raises(NotOpenNow):
        take_package(package=package, sponsor_request=make_sponsor_request(), idempotency_key="a")
    assert (
        take_package_as_organizer(
            package=package, sponsor_request=make_sponsor_request(), idempotency_key="a"
        ).package
        == package
    )


def test_cancellation_releases_package_and_places_and_nothing_is_owed(event, package):
    one = make_sponsorship(package, has_logo=False)
    cancel_sponsorship(sponsorship=one, reason="faillite")

    package.refresh_from_db()
    assert package.reserved == 0
    assert [t.reserved for t in event.tickets.order_by("slug")] == [0, 0]
    assert {r.state for r in Registration.objects.all()} == {"cancelled"}
    assert Order.objects.get().amount_due.amount == 0
    assert compute_balance(Receivable.objects.get()).amount_owed == 0
    with pytest.raises(AlreadyCancelled):
        cancel_sponsorship(sponsorship=one)
    verbs = [e.verb for e in AuditEntry.objects.filter(verb__startswith="sponsorship").order_by("pk")]
    assert verbs == ["sponsorship.take", "sponsorship.cancel"]


def test_sponsorship_cannot_be_cancelled_after_event(event, package):
    one = make_sponsorship(package, has_logo=False)
    event.starts_at, event.ends_at = timezone.now() - datetime.timedelta(days=1), timezone.now()
    event.save()

    with pytest.raises(NotOpenNow, match="le sponsoring ne peut plus être annulé"):
        cancel_sponsorship(sponsorship=one)


def test_a_package_without_places_is_paid_by_card(event):
    make_issuer()
    one = take_package(
        package=make_package(event), sponsor_request=make_sponsor_request(payment="card"), idempotency_key="a"
    )

    attempt = record_demo_payment(order=one.order)

    assert attempt.amount == 120_000
    assert compute_balance(sync_receivable(one.order)).amount_due == 0


def test_resubmitted_form_takes_package_once(client, event, package, run_tasks, mailoutbox):
    offer = client.get("/en/events/congress/sponsors/")

    assert [row for row, _vat in offer.context["packages"]] == [package]

    answers = [client.post("/en/events/congress/sponsors/gold/", SPONSOR_FORM) for _click in range(2)]

    one = Sponsorship.objects.get()
    link = f"/en/orders/{one.order.reference}/{one.order.manage_secret}/sponsor/"
    assert [answer["Location"] for answer in answers] == [link, link]
    assert one.website == "https://acme.example"
    assert one.order.billing_city == "Lyon"
    assert one.order.payment == "invoice"

    page = client.get(link)

    assert page.context["due"].amount == 120_000
    assert page.context["named"] == 0
    assert len(page.context["places"]) == 3


def test_invalid_form_keeps_input_and_takes_no_package(client, package):
    address = reverse("sponsor-order", args=["congress", "gold"])
    page = client.post(address, SPONSOR_FORM | {"email": "nobody", "billing_city": ""})

    assert page.status_code == 200
    assert page.context["form"]["name"].value() == "Acme"
    assert list(page.context["form"].errors) + list(page.context["billing"].errors) == [
        "email",
        "billing_city",
    ]
    assert Order.objects.count() == 0


def test_changed_price_is_shown_before_package_is_taken(client, package):
    address = reverse("sponsor-order", args=["congress", "gold"])
    answer = client.post(address, SPONSOR_FORM | {"shown_price": "100000"}, follow=True)

    assert [str(m) for m in answer.context["messages"]] == [
        "Le prix a changé entre-temps\u202f: il est maintenant de 1\xa0200\xa0€."
    ]
    assert Order.objects.count() == 0


def test_sponsor_names_attendees_by_link_and_link_of_other_order_is_refused(client, package):
    one = make_sponsorship(package)
    place = one.order.registrations.order_by("pk").first()
    address = reverse(
        "order-substitute", args=[one.order.reference, one.order.manage_secret, place.reference]
    )

    client.post(address, {"first_name": "Ana", "last_name": "Silva", "email": "ana@acme.example"})

    place.refresh_from_db()
    link = reverse("order-sponsor", args=[one.order.reference, one.order.manage_secret])
    assert place.name == "Ana Silva"
    assert client.get(link).context["named"] == 1

    other = make_sponsorship(make_package(one.event, slug="silver"))

    assert (
        client.get(
            reverse("order-sponsor", args=[one.order.reference, other.order.manage_secret])
        ).status_code
        == 404
    )


def test_organizer_manages_packages_and_sponsorships(organizer, event, package):
    organizer.post(
        reverse("organize-package-new", args=["congress"]),
        {
            "name": "Bronze",
            "slug": "bronze",
            "cost": "300",
            "vat_rate": "2000",
            "position": "9",
            "passes": "",
            "badges": "",
        },
    )
    bronze = event.packages.get(slug="bronze")
    form = SPONSOR_FORM | {"shown_price": "30000"}
    organizer.post(reverse("organize-package-take", args=["congress", "bronze"]), form)
    one = Sponsorship.objects.get(package=bronze)

    organizer.post(
        reverse("organize-sponsor", args=["congress", one.pk]),
        {"name": "ACME", "contact": "Zoé", "website": "", "shown_from": "2030-01-01T10:00"},
    )

    one.refresh_from_db()
    assert one.name == "ACME"
    assert one.shown_from.year == 2030
    assert bronze.price == 30_000

    rows = (
        organizer.get(reverse("organize-sponsors-csv", args=["congress"]))
        .content.decode("utf-8-sig")
        .splitlines()
    )

    assert [row.split(",")[:2] for row in rows] == [["Sponsor", "Pack"], ["ACME", "bronze"]]

    organizer.post(reverse("organize-sponsor-cancel", args=["congress", one.pk]), {"reason": "retiré"})

    one.refresh_from_db()
    assert one.cancelled_at

    organizer.post(reverse("organize-package-remove", args=["congress", "gold"]))

    assert [p.slug for p in event.packages.all()] == ["bronze"]


def test_package_cannot_include_member_ticket(organizer, event):
    members = make_ticket(event, slug="member", audience="member")
    data = {"name": "Or", "slug": "or", "cost": "300", "vat_rate": "2000", "position": "0"}
    address = reverse("organize-package-new", args=["congress"])

    page = organizer.post(address, data | {"pass_ticket": members.pk, "passes": "2", "badges": "1"})

    assert sorted(page.context["form"].errors) == ["badge_ticket", "pass_ticket"]


def test_package_form_does_not_offer_member_ticket(organizer, event):
    members = make_ticket(event, slug="member", audience="member")

    form = organizer.get(reverse("organize-package-new", args=["congress"])).context["form"]

    offered = form.fields["pass_ticket"].queryset
    assert event.tickets.get(slug="guest") in offered
    assert members not in offered


def test_package_whose_ticket_became_members_only_is_refused(organizer, event, package):
    event.tickets.filter(pk=package.badge_ticket_id).update(audience="member")
    address = reverse("organize-package", args=["congress", package.slug])
    data = {"name": "Or", "slug": package.slug, "cost": "300", "vat_rate": "2000", "position": "0"}

    page = organizer.post(address, data | {"badge_ticket": package.badge_ticket_id, "badges": "1"})

    assert "Un pack ne peut pas comprendre un billet" in page.text


def test_sponsorship_has_no_relation_to_the_schedule():
    """Sponsors get no say in the programme: no foreign key leads to it, directly or through one model."""
    fields = {field.related_model for field in Sponsorship._meta.get_fields() if field.related_model}
    between = {
        f.related_model
        for model in fields
        for f in model._meta.get_fields()
        if f.many_to_one and f.related_model
    }

    assert {model._meta.app_label for model in fields | between} & {"schedule"} == set()
