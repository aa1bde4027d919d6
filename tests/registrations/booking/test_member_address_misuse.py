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
from tests.registrations.test_pages import nonce_of, who

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


def path_of(answer) -> str:
    return re.sub(r"^https?://[^/]+", "", answer.json()["manage_url"])


def links_to(address, mailoutbox, pattern=r"https?://[^/\s]+(/\S+)"):
    return [
        path
        for mail in mailoutbox
        if mail.to == [address]
        for path in re.findall(pattern, mail.body)
        if "/orders/" in path
    ]


def press_mailed_link(mailoutbox, address=MEMBER) -> str:
    """Press the button behind the mailed link, as the member; the page that it leads to."""
    [path] = [path for path in links_to(address, mailoutbox) if "/orders/confirm/" in path]
    client = Client()
    assert client.get(path).status_code == 200
    answer = client.post(path)
    assert answer.status_code == 302
    assert client.get(answer["Location"]).status_code == 200
    return answer["Location"]


def page_at(path: str):
    answer = Client().get(path)
    return answer.status_code, answer.text


def attack(path: str, reference: str) -> None:
    """Try everything with a link that does not open the place (any more)."""
    stranger = Client()
    one = f"{path}{reference}/"
    for page in ("badge.pdf", "badge.svg", "badge.pkpass", "correct/", "give/", "cancel/", "sessions/",
                 "agenda.pdf", "answers/", "details/"):  # fmt: skip
        assert stranger.get(f"{one}{page}").status_code == 404, page
    evil = {**EVIL, "email": MEMBER, "company": "", "ticket": ""}
    for page in ("correct/", "give/", "cancel/", "answers/", "details/", "sessions/"):
        assert stranger.post(f"{one}{page}", evil).status_code == 404, page


def badge_in(mail: EmailMessage) -> str:
    [(_name, content, _type)] = [part for part in mail.attachments if part[0].endswith(".pdf")]
    return pdf_text(content)


def assert_is_anas_alone(place: Registration, member) -> None:
    place.refresh_from_db()
    assert (place.state, place.person, place.name) == ("confirmed", member, "Ana Silva")


def test_a_stranger_who_ordered_by_api_keeps_neither_link_nor_badge(member, run_tasks, mailoutbox):
    answer = order_by_api()
    assert (answer.status_code, answer.json()["state"]) == (201, "pending")
    place = Registration.objects.get()
    run_tasks()
    own = press_mailed_link(mailoutbox)
    run_tasks()
    attack(path_of(answer), place.reference)
    attack(path_of(order_by_api()), place.reference)  # the same order again under its key
    assert Order.objects.count() == 1
    assert_is_anas_alone(place, member)
    to_ana = [mail for mail in mailoutbox if mail.to == [MEMBER]][-1]
    assert "Ana" in badge_in(to_ana)
    assert own in to_ana.body
    for mail in mailoutbox:
        if mail.to == [STRANGER]:
            assert mail.attachments == []
            assert own not in mail.body
    status, page = page_at(path_of(answer))
    assert status == 404
    assert "Seule la personne inscrite" in page
    assert build_badge_code(place) not in page
    assert Client().get(f"{own}{place.reference}/badge.pdf").status_code == 200


def test_a_stranger_who_gave_the_members_address_for_everything_loses_the_order(
    member, run_tasks, mailoutbox
):
    answer = order_by_api(email=MEMBER)
    place, before = Registration.objects.get(), path_of(answer)
    assert Client().get(before).status_code == 200
    run_tasks()
    after = press_mailed_link(mailoutbox)
    run_tasks()
    again = order_by_api(email=MEMBER)
    assert (again.json()["reference"], path_of(again)) == (answer.json()["reference"], "/orders/link/")
    attack(before, place.reference)
    for page in ("", "renew/", "calendar.ics", "pay/", "pro-forma.pdf"):
        assert Client().get(f"{before}{page}").status_code == 404, page
    assert Client().post(f"{before}renew/").status_code == 404
    assert_is_anas_alone(place, member)
    assert after == Order.objects.get().manage_path
    assert after in [mail for mail in mailoutbox if mail.to == [MEMBER]][-1].body


def to_check(stranger: Client, contact: str):
    prefix = "/events/congress/register/"
    typed = {"person-0-first_name": "Ana", "person-0-last_name": "Silva", "person-0-email": MEMBER}
    stranger.post(prefix, who(contact=contact, **typed))
    stranger.post(f"{prefix}choices/", {"choice-0-ticket": "member"})
    return f"{prefix}check/", nonce_of(stranger.get(f"{prefix}check/"))


@pytest.mark.parametrize("contact", ["", STRANGER])
def test_a_stranger_in_a_browser_gets_nothing_by_sending_the_last_screen_again(
    member, run_tasks, mailoutbox, contact
):
    stranger = Client()
    check, nonce = to_check(stranger, contact)
    first = stranger.post(check, {"nonce": nonce, "language": "fr"})
    place = Registration.objects.get()
    assert first["Location"] == place.order.manage_path
    run_tasks()
    press_mailed_link(mailoutbox)
    again = stranger.post(check, {"nonce": nonce, "language": "fr"})
    assert again.status_code == 302
    assert Order.objects.count() == 1
    assert again["Location"] == (first["Location"] if contact else "/orders/link/")
    attack(first["Location"], place.reference)
    assert_is_anas_alone(place, member)


@pytest.mark.parametrize("when", ["before the mail", "before the button"])
def test_a_name_that_is_not_the_members_is_not_on_the_badge(event, member, run_tasks, mailoutbox, when):
    make_question(event, "diet")
    named = EVIL if when == "before the mail" else {}
    answer = order_by_api({**person(**named), "answers": {"diet": "Eve's own"}})
    place = Registration.objects.get()
    run_tasks()
    if when == "before the button":
        typed = {**EVIL, "email": MEMBER, "company": ""}
        assert Client().post(f"{path_of(answer)}{place.reference}/correct/", typed).status_code == 302
    own = press_mailed_link(mailoutbox)
    run_tasks()
    assert_is_anas_alone(place, member)
    assert place.answers == {}
    assert "Intruder" not in badge_in([mail for mail in mailoutbox if mail.to == [MEMBER]][-1])
    # What the club knows of the member is not told to whoever typed the address.
    assert "Silva" not in page_at(path_of(answer))[1]
    assert not any("Silva" in mail.body for mail in mailoutbox if mail.to == [STRANGER])
    assert "Silva" in Client().get(own).text


def test_the_member_reads_whose_name_the_place_will_bear(member, run_tasks, mailoutbox):
    order_by_api(person(**EVIL))
    run_tasks()
    [path] = [path for path in links_to(MEMBER, mailoutbox) if "/orders/confirm/" in path]
    page = Client().get(path).text
    assert "Ana Silva" in page
    assert "Eve Intruder" in page
    assert STRANGER in page


@pytest.mark.parametrize("typed", ["Ána Sílva", "Silva Ana", "Ana Maria Silva", "A. Silva", "Ana Martin"])
def test_a_member_who_writes_the_name_otherwise_keeps_it(member, run_tasks, mailoutbox, typed):
    first, _space, last = typed.partition(" ")
    order_by_api(person(first_name=first, last_name=last))
    run_tasks()
    press_mailed_link(mailoutbox)
    assert Registration.objects.get().name == typed


def test_guests_of_the_same_order_stay_with_the_buyer(member, run_tasks, mailoutbox):
    guest = person("guest", "gus@evil.example", "Gus", "Guest")
    answer = order_by_api(person(), guest)
    mine, anas = Registration.objects.get(email=guest["email"]), Registration.objects.get(email=MEMBER)
    run_tasks()
    own = press_mailed_link(mailoutbox)
    run_tasks()
    path = path_of(answer)
    attack(path, anas.reference)
    page = Client().get(path).text
    assert mine.reference in page
    assert anas.reference not in page
    assert "Ana Silva" in page
    assert Client().get(f"{path}{mine.reference}/badge.pdf").status_code == 200
    assert Client().get(f"{own}{mine.reference}/badge.pdf").status_code == 404
    # The buyer may replace the order's link, which leaves the member's.
    renewed = Client().post(f"{path}renew/")["Location"]
    attack(renewed, anas.reference)
    assert (Client().get(path).status_code, Client().get(own).status_code) == (404, 200)
    # The address of the order moves to the member's: the order's link still does not open the place.
    moved = {"first_name": "Gus", "last_name": "Guest", "email": MEMBER, "company": ""}
    Order.objects.update(email="gus@evil.example")
    assert Client().post(f"{renewed}{mine.reference}/correct/", moved).status_code == 302
    assert Order.objects.get().email == MEMBER
    attack(Order.objects.get().manage_path, anas.reference)
    assert_is_anas_alone(anas, member)


def test_an_assistant_still_sees_and_pays_what_they_ordered(event, member, run_tasks, mailoutbox):
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
    status, page = page_at(path)
    assert status == 200
    assert "Ana Silva" in page
    assert anas.reference not in page
    attack(path, anas.reference)
    Registration.objects.exclude(pk=anas.pk).delete()
    status, page = page_at(path)
    assert status == 200
    assert "120" in page
    assert Client().get(f"{path}pro-forma.pdf")["Content-Type"] == "application/pdf"


def test_two_members_of_one_order_have_each_their_own(member, run_tasks, mailoutbox):
    bob = make_member(email="bob@club.example", first_name="Bob", last_name="Roi")
    answer = order_by_api(person(), person(email=bob.email, first_name="Bob", last_name="Roi"), email=MEMBER)
    anas, bobs = (Registration.objects.get(email=address) for address in (MEMBER, bob.email))
    run_tasks()
    his = press_mailed_link(mailoutbox, bob.email)
    hers = press_mailed_link(mailoutbox)
    run_tasks()
    attack(hers, bobs.reference)
    attack(his, anas.reference)
    attack(path_of(answer), anas.reference)
    for path, place in ((his, bobs), (hers, anas)):
        assert Client().get(f"{path}{place.reference}/badge.pdf").status_code == 200


def test_the_member_alone_sees_changes_passes_on_and_cancels(member, run_tasks, mailoutbox):
    order_by_api()
    place = Registration.objects.get()
    run_tasks()
    own = press_mailed_link(mailoutbox)
    run_tasks()
    page = f"{own}{place.reference}/"
    other = Client().post(f"{page}correct/", {**EVIL, "email": MEMBER, "company": ""})
    assert other.status_code == 200
    assert "Cette place appartient à l’adhérent" in other.text
    assert_is_anas_alone(place, member)
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
    [his] = {path for path in links_to(colleague.email, mailoutbox) if path.count("/") == 4}
    assert Client().post(f"{his}{place.reference}/cancel/").status_code == 302
    mailoutbox.clear()
    run_tasks()
    assert sorted(mail.to[0] for mail in mailoutbox) == [colleague.email, STRANGER]
    assert not any("Roi" in mail.body for mail in mailoutbox if mail.to == [STRANGER])


def test_a_colleague_takes_a_members_place_in_their_own_name(member, run_tasks, mailoutbox):
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


def test_a_private_link_is_replaced_by_its_holder_and_mailed_again_when_lost(member, run_tasks, mailoutbox):
    order_by_api()
    run_tasks()
    own = press_mailed_link(mailoutbox)
    run_tasks()
    new = Client().post(f"{own}renew/")["Location"]
    assert (Client().get(own).status_code, Client().get(new).status_code) == (404, 200)
    run_tasks()
    assert new in mailoutbox[-1].body
    mailoutbox.clear()
    Client().post("/orders/link/", {"email": MEMBER})
    Client().post("/orders/link/", {"email": STRANGER})
    run_tasks()
    assert links_to(MEMBER, mailoutbox) == [new]
    assert links_to(STRANGER, mailoutbox) == []


def test_pressing_the_mailed_link_again_shows_no_link(member, run_tasks, mailoutbox):
    order_by_api(email=MEMBER)
    run_tasks()
    press_mailed_link(mailoutbox)
    [path] = [path for path in links_to(MEMBER, mailoutbox) if "/orders/confirm/" in path]
    mailoutbox.clear()
    assert Client().post(path)["Location"] == "/events/congress/"
    run_tasks()
    assert Order.objects.get().manage_path in links_to(MEMBER, mailoutbox)


def test_a_waiting_stranger_gets_no_place_in_their_name(member, run_tasks, mailoutbox):
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
    assert (place.name, place.person, place.order.email) == ("Ana Silva", member, MEMBER)


def test_whoever_signs_in_or_orders_for_colleagues_keeps_their_own_links(event):
    company = make_company()
    ana = make_member(company, email=MEMBER, first_name="Ana", last_name="Silva")
    signed_in = Client()
    signed_in.force_login(ana)
    check, nonce = to_check(signed_in, "assistant@club.example")
    path = signed_in.post(check, {"nonce": nonce, "language": "fr"})["Location"]
    place = Registration.objects.get()
    assert place.state == "confirmed"
    assert not place.is_private
    assert Client().get(f"{path}{place.reference}/badge.pdf").status_code == 200
