"""A stranger orders with a member's address: once the member confirms, the place is the member's alone."""

import json
import re
from email.message import EmailMessage

import pytest
from django.test import Client

from badges.codes import build_badge_code
from registrations.models import Order, Registration
from registrations.waiting_list.periodic import process_waiting_lists
from tests.factories import make_company, make_event, make_member, make_question, make_ticket
from tests.pdf_readers import pdf_text
from tests.registrations.invoices.factories import make_issuer
from tests.registrations.test_pages import build_person_form, read_nonce

pytestmark = [pytest.mark.django_db, pytest.mark.once]
MEMBER, STRANGER = "ana@club.example", "eve@evil.example"
EVIL = {"first_name": "Eve", "last_name": "Intruder"}


@pytest.fixture
def event():
    event = make_event(slug="congress", name="La Convention")
    make_ticket(event, slug="member", name="Adhérent", audience="member")
    make_ticket(event, slug="guest", name="Invité")
    return event


@pytest.fixture
def member(event):
    return make_member(email=MEMBER, first_name="Ana", last_name="Silva")


def person(ticket="member", email=MEMBER, first_name="Ana", last_name="Silva"):
    return {"ticket": ticket, "first_name": first_name, "last_name": last_name, "email": email}


def order_by_api(*people, email=STRANGER, key="k1"):
    data = {"email": email, "registrations": list(people or [person()])}
    return Client().post(
        "/api/v1/events/congress/orders/",
        json.dumps(data),
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


def get_manage_path(answer) -> str:
    return re.sub(r"^https?://[^/]+", "", answer.json()["manage_url"])


def list_order_links(address, mailoutbox, pattern=r"https?://[^/\s]+(/\S+)"):
    return [
        path
        for mail in mailoutbox
        if mail.to == [address]
        for path in re.findall(pattern, mail.body)
        if "/orders/" in path
    ]


def press_mailed_link(mailoutbox, address=MEMBER) -> str:
    """Press the button on the mailed page as the member, and return the path of the next page."""
    [path] = [path for path in list_order_links(address, mailoutbox) if "/orders/confirm/" in path]
    client = Client()
    assert client.get(path).status_code == 200
    answer = client.post(path)
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    return answer["Location"]


def get_page(path: str):
    answer = Client().get(path)
    return answer.status_code, answer.text


def assert_link_opens_nothing(path: str, reference: str) -> None:
    """Check that every page of the place is closed to a link that does not open it (any more)."""
    stranger = Client()
    one = f"{path}{reference}/"
    for page in ("badge.pdf", "badge.svg", "badge.pkpass", "correct/", "give/", "cancel/", "sessions/",
                 "agenda.pdf", "answers/", "details/"):  # fmt: skip
        assert stranger.get(f"{one}{page}").status_code == 404, page
    evil = {**EVIL, "email": MEMBER, "company": "", "ticket": ""}
    for page in ("correct/", "give/", "cancel/", "answers/", "details/", "sessions/"):
        assert stranger.post(f"{one}{page}", evil).status_code == 404, page


def read_badge(mail: EmailMessage) -> str:
    [(_name, content, _type)] = [part for part in mail.attachments if part[0].endswith(".pdf")]
    return pdf_text(content)


def assert_confirmed_for_ana(place: Registration, member) -> None:
    place.refresh_from_db()
    assert place.state == "confirmed"
    assert place.person == member
    assert place.name == "Ana Silva"


def test_stranger_who_ordered_by_api_loses_link_and_badge(member, run_tasks, mailoutbox):
    answer = order_by_api()

    assert answer.status_code == 201
    assert answer.json()["state"] == "pending"

    place = Registration.objects.get()
    run_tasks()
    own = press_mailed_link(mailoutbox)

    run_tasks()

    assert_link_opens_nothing(get_manage_path(answer), place.reference)
    assert_link_opens_nothing(
        get_manage_path(order_by_api()), place.reference
    )  # the same order again under its key
    assert Order.objects.count() == 1
    assert_confirmed_for_ana(place, member)
    to_ana = [mail for mail in mailoutbox if mail.to == [MEMBER]][-1]
    assert "Ana" in read_badge(to_ana)
    assert own in to_ana.body

    for mail in mailoutbox:
        if mail.to == [STRANGER]:
            assert mail.attachments == []
            assert own not in mail.body
    status, page = get_page(get_manage_path(answer))

    assert status == 404
    assert "Seule la personne inscrite" in page
    assert build_badge_code(place) not in page
    assert Client().get(f"{own}{place.reference}/badge.pdf").status_code == 200


def test_stranger_who_used_member_address_as_buyer_loses_order(member, run_tasks, mailoutbox):
    answer = order_by_api(email=MEMBER)

    place, before = Registration.objects.get(), get_manage_path(answer)
    assert Client().get(before).status_code == 200

    run_tasks()
    after = press_mailed_link(mailoutbox)
    run_tasks()

    again = order_by_api(email=MEMBER)

    assert again.json()["reference"] == answer.json()["reference"]
    assert get_manage_path(again) == "/orders/link/"
    assert_link_opens_nothing(before, place.reference)
    for page in ("", "renew/", "calendar.ics", "pay/", "pro-forma.pdf"):
        assert Client().get(f"{before}{page}").status_code == 404, page
    assert Client().post(f"{before}renew/").status_code == 404
    assert_confirmed_for_ana(place, member)
    assert after == Order.objects.get().manage_path
    assert after in [mail for mail in mailoutbox if mail.to == [MEMBER]][-1].body


def fill_in_until_check(stranger: Client, contact: str):
    prefix = "/events/congress/register/"
    typed = {"person-0-first_name": "Ana", "person-0-last_name": "Silva", "person-0-email": MEMBER}
    stranger.post(prefix, build_person_form(contact=contact, **typed))
    stranger.post(f"{prefix}choices/", {"choice-0-ticket": "member"})
    return f"{prefix}check/", read_nonce(stranger.get(f"{prefix}check/"))


@pytest.mark.parametrize("contact", ["", STRANGER])
def test_stranger_gains_nothing_by_submitting_check_page_again(member, run_tasks, mailoutbox, contact):
    stranger = Client()
    check, nonce = fill_in_until_check(stranger, contact)

    first = stranger.post(check, {"nonce": nonce, "language": "fr"})

    place = Registration.objects.get()
    assert first["Location"] == place.order.manage_path

    run_tasks()
    press_mailed_link(mailoutbox)

    again = stranger.post(check, {"nonce": nonce, "language": "fr"})

    assert again.status_code == 302
    assert Order.objects.count() == 1
    assert again["Location"] == (first["Location"] if contact else "/orders/link/")
    assert_link_opens_nothing(first["Location"], place.reference)
    assert_confirmed_for_ana(place, member)


@pytest.mark.parametrize("when", ["before the mail", "before the button"])
def test_badge_shows_member_name_instead_of_typed_name(event, member, run_tasks, mailoutbox, when):
    make_question(event, "diet")
    named = EVIL if when == "before the mail" else {}
    answer = order_by_api({**person(**named), "answers": {"diet": "Eve's own"}})
    place = Registration.objects.get()
    run_tasks()
    if when == "before the button":
        typed = {**EVIL, "email": MEMBER, "company": ""}
        assert Client().post(f"{get_manage_path(answer)}{place.reference}/correct/", typed).status_code == 302
    own = press_mailed_link(mailoutbox)

    run_tasks()

    assert_confirmed_for_ana(place, member)
    assert place.answers == {}
    assert "Intruder" not in read_badge([mail for mail in mailoutbox if mail.to == [MEMBER]][-1])
    # The stranger who typed the address must not learn the member's name.
    assert "Silva" not in get_page(get_manage_path(answer))[1]
    assert not any("Silva" in mail.body for mail in mailoutbox if mail.to == [STRANGER])
    assert "Silva" in Client().get(own).text


def test_confirm_page_shows_member_name_typed_name_and_buyer(member, run_tasks, mailoutbox):
    order_by_api(person(**EVIL))
    run_tasks()

    [path] = [path for path in list_order_links(MEMBER, mailoutbox) if "/orders/confirm/" in path]

    page = Client().get(path).text
    assert "Ana Silva" in page
    assert "Eve Intruder" in page
    assert STRANGER in page


@pytest.mark.parametrize("typed", ["Ána Sílva", "Silva Ana", "Ana Maria Silva", "A. Silva", "Ana Martin"])
def test_name_resembling_member_name_is_not_replaced(member, run_tasks, mailoutbox, typed):
    first, _space, last = typed.partition(" ")
    order_by_api(person(first_name=first, last_name=last))
    run_tasks()

    press_mailed_link(mailoutbox)

    assert Registration.objects.get().name == typed


def test_buyer_link_still_opens_guests_of_same_order(member, run_tasks, mailoutbox):
    guest = person("guest", "gus@evil.example", "Gus", "Guest")
    answer = order_by_api(person(), guest)
    mine, anas = Registration.objects.get(email=guest["email"]), Registration.objects.get(email=MEMBER)
    run_tasks()
    own = press_mailed_link(mailoutbox)
    run_tasks()

    path = get_manage_path(answer)

    assert_link_opens_nothing(path, anas.reference)
    page = Client().get(path).text
    assert mine.reference in page
    assert anas.reference not in page
    assert "Ana Silva" in page
    assert Client().get(f"{path}{mine.reference}/badge.pdf").status_code == 200
    assert Client().get(f"{own}{mine.reference}/badge.pdf").status_code == 404
    # The buyer may replace the order's link, which leaves the member's.
    renewed = Client().post(f"{path}renew/")["Location"]
    assert_link_opens_nothing(renewed, anas.reference)
    assert Client().get(path).status_code == 404
    assert Client().get(own).status_code == 200

    # The address of the order moves to the member's: the order's link still does not open the place.
    moved = {"first_name": "Gus", "last_name": "Guest", "email": MEMBER, "company": ""}
    Order.objects.update(email="gus@evil.example")

    assert Client().post(f"{renewed}{mine.reference}/correct/", moved).status_code == 302
    assert Order.objects.get().email == MEMBER
    assert_link_opens_nothing(Order.objects.get().manage_path, anas.reference)
    assert_confirmed_for_ana(anas, member)


def test_assistant_still_sees_and_pays_order_for_members(event, member, run_tasks, mailoutbox):
    make_issuer()
    event.tickets.filter(slug="member").update(price=12_000)

    answer = order_by_api(person(), person(email="bob@club.example", first_name="Bob", last_name="Roi"))

    assert answer.status_code == 201

    anas = Registration.objects.get(email=MEMBER)
    run_tasks()
    path = press_mailed_link(mailoutbox, STRANGER)
    press_mailed_link(mailoutbox)
    mailoutbox.clear()
    run_tasks()

    [notice] = [mail for mail in mailoutbox if mail.to == [STRANGER]]

    assert path in notice.body
    assert "Ana Silva" in notice.body
    assert notice.attachments == []

    status, page = get_page(path)

    assert status == 200
    assert "Ana Silva" in page
    assert anas.reference not in page
    assert_link_opens_nothing(path, anas.reference)

    Registration.objects.exclude(pk=anas.pk).delete()
    status, page = get_page(path)

    assert status == 200
    assert "120" in page
    assert Client().get(f"{path}pro-forma.pdf")["Content-Type"] == "application/pdf"


def test_each_member_of_one_order_gets_private_link(member, run_tasks, mailoutbox):
    bob = make_member(email="bob@club.example", first_name="Bob", last_name="Roi")
    answer = order_by_api(person(), person(email=bob.email, first_name="Bob", last_name="Roi"), email=MEMBER)
    anas, bobs = (Registration.objects.get(email=address) for address in (MEMBER, bob.email))
    run_tasks()
    his = press_mailed_link(mailoutbox, bob.email)
    hers = press_mailed_link(mailoutbox)

    run_tasks()

    assert_link_opens_nothing(hers, bobs.reference)
    assert_link_opens_nothing(his, anas.reference)
    assert_link_opens_nothing(get_manage_path(answer), anas.reference)
    for path, place in ((his, bobs), (hers, anas)):
        assert Client().get(f"{path}{place.reference}/badge.pdf").status_code == 200


def test_member_alone_corrects_transfers_and_cancels_place(member, run_tasks, mailoutbox):
    order_by_api()
    place = Registration.objects.get()
    run_tasks()
    own = press_mailed_link(mailoutbox)
    run_tasks()
    page = f"{own}{place.reference}/"

    other = Client().post(f"{page}correct/", {**EVIL, "email": MEMBER, "company": ""})

    assert other.status_code == 200
    assert "Cette place appartient à l’adhérent" in other.text
    assert_confirmed_for_ana(place, member)

    slip = {"first_name": "Anna", "last_name": "Silva", "email": MEMBER, "company": "Acme"}

    assert Client().post(f"{page}correct/", slip).status_code == 302

    colleague = make_member(member.seats.get().membership.company, email="bob@club.example",
                            first_name="Bob", last_name="Roi")  # fmt: skip
    run_tasks()
    mailoutbox.clear()

    given = {"first_name": "Bob", "last_name": "Roi", "email": colleague.email}

    assert Client().post(f"{page}give/", given).status_code == 302

    run_tasks()

    assert {tuple(mail.to) for mail in mailoutbox} == {(colleague.email,)}
    assert Client().get(own).status_code == 404

    [his] = {path for path in list_order_links(colleague.email, mailoutbox) if path.count("/") == 4}

    assert Client().post(f"{his}{place.reference}/cancel/").status_code == 302

    mailoutbox.clear()
    run_tasks()

    assert sorted(mail.to[0] for mail in mailoutbox) == [colleague.email, STRANGER]
    assert not any("Roi" in mail.body for mail in mailoutbox if mail.to == [STRANGER])


def test_transferred_member_place_gets_name_of_colleague(member, run_tasks, mailoutbox):
    order_by_api(email=MEMBER)
    place = Registration.objects.get()
    run_tasks()
    whole = press_mailed_link(mailoutbox)
    make_member(member.seats.get().membership.company, email="bob@club.example",
                first_name="Bob", last_name="Roi")  # fmt: skip

    given = {**EVIL, "email": "bob@club.example"}

    assert Client().post(f"{whole}{place.reference}/give/", given).status_code == 302
    place.refresh_from_db()
    assert place.name == "Bob Roi"


def test_private_link_is_renewed_and_mailed_again_on_request(member, run_tasks, mailoutbox):
    order_by_api()
    run_tasks()
    own = press_mailed_link(mailoutbox)

    run_tasks()

    new = Client().post(f"{own}renew/")["Location"]
    assert Client().get(own).status_code == 404
    assert Client().get(new).status_code == 200

    run_tasks()

    assert new in mailoutbox[-1].body

    mailoutbox.clear()
    Client().post("/orders/link/", {"email": MEMBER})
    Client().post("/orders/link/", {"email": STRANGER})

    run_tasks()

    assert list_order_links(MEMBER, mailoutbox) == [new]
    assert list_order_links(STRANGER, mailoutbox) == []


def test_confirming_again_shows_no_link_but_mails_it(member, run_tasks, mailoutbox):
    order_by_api(email=MEMBER)
    run_tasks()
    press_mailed_link(mailoutbox)
    [path] = [path for path in list_order_links(MEMBER, mailoutbox) if "/orders/confirm/" in path]

    mailoutbox.clear()

    assert Client().post(path)["Location"] == "/events/congress/"

    run_tasks()

    assert Order.objects.get().manage_path in list_order_links(MEMBER, mailoutbox)


def test_offer_of_stranger_waiting_with_member_address_goes_to_member(member, run_tasks, mailoutbox):
    event = make_event(slug="full")
    ticket = make_ticket(event, slug="member", audience="member", capacity=0)
    typed = {**EVIL, "email": MEMBER, "company": "", "language": "fr"}

    joined = Client().post("/events/full/waiting/member/", typed)

    assert joined.status_code == 200
    assert "/waiting/" not in re.sub(r"/waiting/member/", "", joined.text)

    ticket.capacity = 1
    ticket.save()
    process_waiting_lists()
    run_tasks()

    [path] = set(re.findall(r"/waiting/[\w-]+/", " ".join(m.body for m in mailoutbox if m.to == [MEMBER])))

    assert Client().post(path, {"accept": "1", "shown": "0"}).status_code == 302
    place = Registration.objects.get(event=event)
    assert place.name == "Ana Silva"
    assert place.person == member
    assert place.order.email == MEMBER


def test_order_link_opens_place_ordered_by_signed_in_member(event):
    company = make_company()
    ana = make_member(company, email=MEMBER, first_name="Ana", last_name="Silva")
    signed_in = Client()
    signed_in.force_login(ana)

    check, nonce = fill_in_until_check(signed_in, "assistant@club.example")

    path = signed_in.post(check, {"nonce": nonce, "language": "fr"})["Location"]
    place = Registration.objects.get()
    assert place.state == "confirmed"
    assert not place.is_private
    assert Client().get(f"{path}{place.reference}/badge.pdf").status_code == 200
