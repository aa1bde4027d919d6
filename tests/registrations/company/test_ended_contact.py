"""The role of a company's contact ends: with it what opens colleagues' places; a successor goes on."""

import datetime
import re

import pytest
from django.test import Client
from django.utils import timezone

from badges.confirmations.send import send_order_mails
from convention.audit.models import AuditEntry
from convention.club.change_employer import hand_over_company
from convention.club.contacts import appoint_contact, dismiss_contact
from convention.club.models import CompanyContact
from registrations.company.models import CompanyOrder
from registrations.company.reassign_orders import reassign_ended_contacts
from registrations.invoices.models.documents import Receivable
from registrations.models import Order, Registration
from registrations.permissions import make_own_secret
from tests.factories import make_contact, make_member
from tests.registrations.company.factories import make_desk, order, row

pytestmark = [pytest.mark.django_db, pytest.mark.once]
DAY = datetime.timedelta(days=1)


@pytest.fixture
def desk():
    """Cléo, the contact, ordered for herself, for Ana, for Bob under her own address, and for nobody yet."""
    made = make_desk()
    mine, anas = made.contact.email, made.colleague.email
    order(
        made,
        {"first_name": "Cléo", "last_name": "Contact", "email": mine, "ticket": "guest"},
        row("Silva", anas),
        {"first_name": "Bob", "last_name": "Roi", "email": "bob@x.example", "ticket": "guest"},
        {"ticket": "guest", "is_to_follow": "on"},
    )
    Registration.objects.filter(last_name="Roi").update(email=mine)
    return made


def places():
    own, anas, bobs, nobodys = Registration.objects.select_related("order").order_by("pk")
    return own, anas, bobs, nobodys


def dismissed(desk):
    dismiss_contact(contact=CompanyContact.objects.get(person=desk.contact))


def handed_over(desk):
    heir = make_member(desk.company, email="heir@firm.example")
    hand_over_company(
        person=desk.contact, company=desk.company, on=timezone.localdate(), company_successor=heir
    )


def expired(desk):
    CompanyContact.objects.filter(person=desk.contact).update(ends_on=timezone.localdate() - DAY)


def blocked(desk):
    desk.contact.is_active = False
    desk.contact.save()


ENDS = [dismissed, handed_over, expired, blocked]


def opened(path, place, *pages):
    return {Client().get(f"{path}{place.reference}/{page}").status_code for page in pages}


PAGES = ("badge.pdf", "badge.svg", "correct/", "give/", "cancel/", "details/")


@pytest.mark.long
def test_the_link_opens_everything_as_long_as_the_role_lasts(desk):
    path = Order.objects.get().manage_path
    own, anas, bobs, _nobodys = places()
    page = Client().get(path).text
    assert all(one.reference in page for one in (own, anas, bobs))
    for one in (own, anas, bobs):
        assert opened(path, one, *PAGES) == {200}
    reassign_ended_contacts()
    assert Order.objects.get().manage_path == path


@pytest.mark.long
@pytest.mark.parametrize("ends", ENDS)
def test_the_day_the_role_ends_the_link_opens_the_own_place_alone(desk, ends):
    path = Order.objects.get().manage_path
    own, *others = places()
    ends(desk)
    page = Client().get(path)
    assert page.status_code == 200
    assert own.reference in page.text
    for other in others:
        assert other.reference not in page.text
        assert opened(path, other, *PAGES) == {404}
        for act in ("cancel/", "correct/", "give/"):
            typed = {"first_name": "X", "last_name": "Y", "email": "x@y.example"}
            assert Client().post(f"{path}{other.reference}/{act}", typed).status_code == 404
    assert {Client().get(f"{path}{page}").status_code for page in ("renew/", "pay/", "pro-forma.pdf")} == {
        404
    }
    assert Client().post(f"{path}renew/").status_code == 404
    assert Registration.objects.filter(cancelled_at=None).count() == 4
    assert opened(path, own, "badge.pdf") == {200}
    assert desk.client.get(f"{desk.at}/registrations/").status_code in (302, 404)


@pytest.mark.long
@pytest.mark.parametrize("ends", [dismissed, handed_over, expired])
def test_a_successor_gets_the_link_and_the_mails(desk, ends, run_tasks, mailoutbox):
    run_tasks()
    successor = make_contact(desk.company, email="new@firm.example")
    Receivable.objects.filter(reference=Order.objects.get().reference).update(email=desk.contact.email)
    anas_link = make_own_secret(places()[1])
    ends(desk)
    mailoutbox.clear()
    reassign_ended_contacts()
    run_tasks()
    found = Order.objects.get()
    assert (found.email, found.for_company.managed_by) == (successor.email, successor)
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
    # Ana's own link, mailed to Ana, is as it was.
    assert make_own_secret(anas) == anas_link
    mailoutbox.clear()
    signed_in = Client()
    signed_in.force_login(successor)
    given = {"first_name": "Noé", "last_name": "Petit", "email": "noe@firm.example"}
    assert signed_in.post(f"{desk.at}/registrations/{anas.reference}/", given).status_code == 302
    run_tasks()
    assert {mail.to[0] for mail in mailoutbox} == {successor.email, "noe@firm.example"}
    assert "order.reassign" in set(AuditEntry.objects.values_list("verb", flat=True))


def test_mails_written_before_the_next_round_go_to_the_successor(desk, run_tasks, mailoutbox):
    run_tasks()
    successor = make_contact(desk.company, email="new@firm.example")
    dismissed(desk)
    mailoutbox.clear()
    Registration.objects.update(confirmation_sent_at=None)
    send_order_mails.call(Order.objects.get().pk)
    assert [mail.to for mail in mailoutbox] == [[successor.email]]


def test_links_to_places_without_an_address_of_their_own_are_void(desk):
    _own, anas, bobs, nobodys = places()
    paths = {one.pk: one.order.build_path_with(make_own_secret(one)) for one in (anas, bobs, nobodys)}
    make_contact(desk.company)
    dismissed(desk)
    reassign_ended_contacts()
    assert {pk: Client().get(path).status_code for pk, path in paths.items()} == {
        anas.pk: 200, bobs.pk: 404, nobodys.pk: 404,
    }  # fmt: skip


def test_without_a_successor_nobody_is_written_to_until_there_is_one(desk, run_tasks, mailoutbox):
    run_tasks()
    mailoutbox.clear()
    dismissed(desk)
    for _round in range(2):
        reassign_ended_contacts()
    run_tasks()
    assert [mail.to for mail in mailoutbox] == [[desk.contact.email]]  # the link of the own place
    found = Order.objects.get()
    assert (found.email, found.for_company.managed_by) == ("", None)
    assert AuditEntry.objects.filter(verb="order.reassign").count() == 1
    later = make_contact(desk.company, email="later@firm.example")
    reassign_ended_contacts()
    run_tasks()
    assert mailoutbox[-1].to == [later.email]
    assert Order.objects.get().manage_url in mailoutbox[-1].body


def test_a_contact_appointed_again_keeps_what_was_not_handed_on(desk):
    path = Order.objects.get().manage_path
    dismissed(desk)
    assert places()[1].reference not in Client().get(path).text
    appoint_contact(company=desk.company, person=desk.contact)
    assert places()[1].reference in Client().get(path).text


def test_the_own_page_of_a_former_contact_leads_to_the_own_place(desk):
    own, anas, *_others = places()
    make_contact(desk.company)
    dismissed(desk)
    for reassigned in (False, True):
        if reassigned:
            reassign_ended_contacts()
        page = desk.client.get("/me/").text
        for path in set(re.findall(rf"/orders/{own.order.reference}/[\w-]+/", page)):
            assert anas.reference not in Client().get(path).text
        assert anas.reference not in page


def test_an_order_of_another_companys_contact_is_another_matter(desk):
    other = make_desk()
    order(other, row("Other", "z@other.example"))
    theirs = CompanyOrder.objects.get(company=other.company).order
    dismissed(desk)
    reassign_ended_contacts()
    theirs.refresh_from_db()
    assert theirs.email == other.contact.email
    assert opened(theirs.manage_path, theirs.registrations.get(), *PAGES) == {200}
