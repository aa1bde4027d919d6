"""The end of a company contact's role ends access to colleagues' places; a successor takes over."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from badges.confirmations.send import send_order_mails
from convention.audit.models import AuditEntry
from convention.club.appointments.contacts import appoint_contact, dismiss_contact
from convention.club.change_employer import hand_over_company
from convention.club.models import CompanyContact
from registrations.company.models import CompanyOrder
from registrations.company.reassign_orders import reassign_ended_contacts
from registrations.invoices.models.documents import Receivable
from registrations.models import Order, Registration
from registrations.permissions import make_own_secret
from tests.factories import make_contact, make_member
from tests.registrations.company.factories import make_desk, make_row, order_rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]
DAY = datetime.timedelta(days=1)


@pytest.fixture
def desk():
    """Return a company whose contact ordered for herself, Ana, Bob (at her address) and a name to follow."""
    made = make_desk()
    mine, anas = made.contact.email, made.colleague.email
    order_rows(
        made,
        {"first_name": "Cléo", "last_name": "Contact", "email": mine, "ticket": "guest"},
        make_row("Silva", anas),
        {"first_name": "Bob", "last_name": "Roi", "email": "bob@x.example", "ticket": "guest"},
        {"ticket": "guest", "is_to_follow": "on"},
    )
    Registration.objects.filter(last_name="Roi").update(email=mine)
    return made


def places():
    own, anas, bobs, nobodys = Registration.objects.select_related("order").order_by("pk")
    return own, anas, bobs, nobodys


def end_by_dismissal(desk):
    dismiss_contact(contact=CompanyContact.objects.get(person=desk.contact))


def end_by_handover(desk):
    heir = make_member(desk.company, email="heir@firm.example")
    hand_over_company(
        person=desk.contact, company=desk.company, on=timezone.localdate(), company_successor=heir
    )


def end_by_expiry(desk):
    CompanyContact.objects.filter(person=desk.contact).update(ends_on=timezone.localdate() - DAY)


def end_by_blocked_account(desk):
    desk.contact.is_active = False
    desk.contact.save()


ENDS = [end_by_dismissal, end_by_handover, end_by_expiry, end_by_blocked_account]


def get_statuses(path, place, *pages):
    return {Client().get(f"{path}{place.reference}/{page}").status_code for page in pages}


PAGES = ("badge.pdf", "badge.svg", "correct/", "give/", "cancel/", "details/")


@pytest.mark.long
def test_order_link_opens_all_places_while_role_lasts(desk):
    path = Order.objects.get().manage_path
    own, anas, bobs, _nobodys = places()

    page = Client().get(path).text
    assert all(one.reference in page for one in (own, anas, bobs))
    for one in (own, anas, bobs):
        assert get_statuses(path, one, *PAGES) == {200}

    reassign_ended_contacts()

    assert Order.objects.get().manage_path == path


@pytest.mark.long
@pytest.mark.parametrize("ends", ENDS)
def test_order_link_opens_only_own_place_once_role_ends(desk, ends):
    path = Order.objects.get().manage_path
    own, *others = places()
    ends(desk)

    page = Client().get(path)

    assert page.status_code == 200
    assert own.reference in page.text

    for other in others:
        assert other.reference not in page.text
        assert get_statuses(path, other, *PAGES) == {404}
        for action in ("cancel/", "correct/", "give/"):
            typed = {"first_name": "X", "last_name": "Y", "email": "x@y.example"}
            assert Client().post(f"{path}{other.reference}/{action}", typed).status_code == 404

    assert {Client().get(f"{path}{page}").status_code for page in ("renew/", "pay/", "pro-forma.pdf")} == {
        404
    }
    assert Client().post(f"{path}renew/").status_code == 404
    assert Registration.objects.filter(cancelled_at=None).count() == 4
    assert get_statuses(path, own, "badge.pdf") == {200}

    is_blocked = ends is end_by_blocked_account
    page = desk.client.get(f"{desk.at}/registrations/")

    assert page.status_code == (302 if is_blocked else 404)
    assert page.get("Location", "").startswith("/accounts/login/") == is_blocked


@pytest.mark.long
@pytest.mark.parametrize("ends", [end_by_dismissal, end_by_handover, end_by_expiry])
def test_successor_gets_link_and_mails(desk, ends, run_tasks, mailoutbox):
    run_tasks()
    successor = make_contact(desk.company, email="new@firm.example")
    Receivable.objects.filter(reference=Order.objects.get().reference).update(email=desk.contact.email)
    anas_link = make_own_secret(places()[1])
    ends(desk)
    # A successor who was named gets a mail about the role itself.
    run_tasks()
    mailoutbox.clear()
    reassign_ended_contacts()

    run_tasks()

    found = Order.objects.get()
    assert found.email == successor.email
    assert found.for_company.managed_by == successor
    assert found.for_company.placed_by == desk.contact

    by_reader = {mail.to[0]: mail.body for mail in mailoutbox}

    assert set(by_reader) == {successor.email, desk.contact.email}
    assert found.manage_url in by_reader[successor.email]
    assert found.manage_url not in by_reader[desk.contact.email]
    assert all(place.reference in Client().get(found.manage_path).text for place in places())

    [theirs] = re.findall(r"/orders/\S+", by_reader[desk.contact.email])
    own, anas, *_others = places()

    page = Client().get(theirs)

    assert own.reference in page.text
    assert anas.reference not in page.text
    # Ana's own link, mailed to Ana, is unchanged.
    assert make_own_secret(anas) == anas_link

    mailoutbox.clear()
    signed_in = Client()
    signed_in.force_login(successor)

    given = {"first_name": "Noé", "last_name": "Petit", "email": "noe@firm.example"}

    assert signed_in.post(f"{desk.at}/registrations/{anas.reference}/", given).status_code == 302

    run_tasks()

    assert {mail.to[0] for mail in mailoutbox} == {successor.email, "noe@firm.example", anas.email}
    assert "order.reassign" in set(AuditEntry.objects.values_list("verb", flat=True))


def test_mails_sent_before_reassignment_go_to_successor(desk, run_tasks, mailoutbox):
    run_tasks()
    successor = make_contact(desk.company, email="new@firm.example")
    end_by_dismissal(desk)
    mailoutbox.clear()
    Registration.objects.update(confirmation_sent_at=None)

    send_order_mails.call(Order.objects.get().pk)

    assert [mail.to for mail in mailoutbox] == [[successor.email]]


def test_links_of_places_without_own_address_are_void(desk):
    _own, anas, bobs, nobodys = places()
    paths = {one.pk: one.order.build_path_with(make_own_secret(one)) for one in (anas, bobs, nobodys)}
    make_contact(desk.company)
    end_by_dismissal(desk)

    reassign_ended_contacts()

    assert {pk: Client().get(path).status_code for pk, path in paths.items()} == {
        anas.pk: 200, bobs.pk: 404, nobodys.pk: 404,
    }  # fmt: skip


def test_successor_appointed_later_gets_order_link(desk, run_tasks, mailoutbox):
    run_tasks()
    mailoutbox.clear()
    end_by_dismissal(desk)
    for _round in range(2):
        reassign_ended_contacts()

    run_tasks()

    assert [mail.to for mail in mailoutbox] == [[desk.contact.email]]  # the link of the own place
    found = Order.objects.get()
    assert found.email == ""
    assert found.for_company.managed_by is None
    assert AuditEntry.objects.filter(verb="order.reassign").count() == 1

    later = make_contact(desk.company, email="later@firm.example")
    reassign_ended_contacts()

    run_tasks()

    assert mailoutbox[-1].to == [later.email]
    assert Order.objects.get().manage_url in mailoutbox[-1].body


def test_contact_appointed_again_regains_access_to_order(desk):
    path = Order.objects.get().manage_path
    end_by_dismissal(desk)

    assert places()[1].reference not in Client().get(path).text

    appoint_contact(company=desk.company, person=desk.contact)

    assert places()[1].reference in Client().get(path).text


def test_account_page_of_former_contact_opens_only_own_place(desk):
    own, anas, *_others = places()
    make_contact(desk.company)
    end_by_dismissal(desk)
    for reassigned in (False, True):
        if reassigned:
            reassign_ended_contacts()
        page = desk.client.get("/me/").text
        for path in set(re.findall(rf"/orders/{own.order.reference}/[\w-]+/", page)):
            assert anas.reference not in Client().get(path).text
        assert anas.reference not in page


def test_orders_of_other_companies_are_not_reassigned(desk):
    other = make_desk()
    order_rows(other, make_row("Other", "z@other.example"))
    theirs = CompanyOrder.objects.get(company=other.company).order
    end_by_dismissal(desk)

    reassign_ended_contacts()

    theirs.refresh_from_db()
    assert theirs.email == other.contact.email
    assert get_statuses(theirs.manage_path, theirs.registrations.get(), *PAGES) == {200}
