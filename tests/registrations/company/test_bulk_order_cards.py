"""A company's bulk order by card: places are held until they are paid, and colleagues are invited then."""

import pytest
from lxml import html

from registrations.company.models import Invitation
from registrations.models import Order, Registration
from registrations.payments.cards.demo_payments import record_demo_payment
from tests.factories import make_contact
from tests.registrations.company.factories import BILLING, Desk, make_desk, make_posted_rows, make_row

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def card_payment(settings) -> None:
    settings.CARD_PAYMENT = True


def order_by_card(desk: Desk):
    """Order one place and return the response."""
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha", "z@x.fr"), check="1"))
    review = f"{desk.many}check/"
    nonce = desk.client.get(review).context["draft"].nonce
    return desk.client.post(review, {**BILLING, "nonce": nonce, "payment": "card"})


def list_mails_to(mailoutbox, address):
    return [mail for mail in mailoutbox if mail.to == [address]]


def read_payment_notice(page) -> html.HtmlElement:
    [notice] = html.fromstring(page.text).xpath("//div[contains(@class, 'notice warning')]")
    return notice


def test_order_by_card_leads_to_its_payment():
    desk = make_desk()

    response = order_by_card(desk)

    order = Order.objects.get()
    assert order.payment == "card"
    assert order.registrations.get().state == "pending"
    assert response["Location"] == f"/orders/{order.reference}/{order.manage_secret}/pay/"


def test_second_click_leads_to_the_payment_too():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))
    review = f"{desk.many}check/"
    fields = {**BILLING, "nonce": desk.client.get(review).context["draft"].nonce, "payment": "card"}

    first, second = (desk.client.post(review, fields) for _click in range(2))

    assert second["Location"] == first["Location"]
    assert Order.objects.count() == 1


def test_colleagues_are_invited_once_the_order_is_paid():
    desk = make_desk()
    order_by_card(desk)
    invitations_before = Invitation.objects.count()

    record_demo_payment(order=Order.objects.get())

    invitation = Invitation.objects.get()
    assert invitations_before == 0
    assert invitation.registration.email == "z@x.fr"
    assert invitation.registration.state == "confirmed"


def order_unnamed_place_by_card(desk: Desk) -> Registration:
    desk.client.post(desk.many, make_posted_rows({"ticket": "guest", "is_to_follow": "on"}, check="1"))
    review = f"{desk.many}check/"
    nonce = desk.client.get(review).context["draft"].nonce
    desk.client.post(review, {**BILLING, "nonce": nonce, "payment": "card"})
    return Registration.objects.get()


@pytest.mark.parametrize("page", ["company", "give", "correct"])
def test_colleague_named_before_the_payment_is_invited_once_by_it(page, run_tasks, mailoutbox):
    desk = make_desk()
    place = order_unnamed_place_by_card(desk)
    paths = {
        "company": f"{desk.at}/registrations/{place.reference}/",
        "give": f"{place.order.manage_path}{place.reference}/give/",
        "correct": f"{place.order.manage_path}{place.reference}/correct/",
    }

    desk.client.post(
        paths[page], {"first_name": "Zoé", "last_name": "Beta", "email": "b@x.fr", "company": "X"}
    )
    run_tasks()
    mails_before = len(list_mails_to(mailoutbox, "b@x.fr"))
    record_demo_payment(order=place.order)
    run_tasks()

    assert mails_before == 0
    assert len(list_mails_to(mailoutbox, "b@x.fr")) == 1


def test_colleague_to_whom_the_contact_sent_the_link_is_not_invited_again(run_tasks, mailoutbox):
    desk = make_desk()
    order_by_card(desk)
    place = Registration.objects.get()
    desk.client.post(f"{desk.at}/registrations/{place.reference}/invite/")
    run_tasks()

    record_demo_payment(order=place.order)
    run_tasks()

    assert len(list_mails_to(mailoutbox, "z@x.fr")) == 1


def test_order_page_offers_the_payment_until_it_is_made():
    desk = make_desk()
    order_by_card(desk)
    order = Order.objects.get()
    path = f"/en{desk.at}/orders/{order.reference}/"

    unpaid = read_payment_notice(desk.client.get(path))
    record_demo_payment(order=order)
    paid = desk.client.get(path)

    assert "and is booked once it is paid by card." in unpaid.text_content()
    assert unpaid.xpath(".//a/@href") == [f"/en/orders/{order.reference}/{order.manage_secret}/pay/"]
    assert "notice warning" not in paid.text


def test_another_contact_is_not_given_the_link_to_pay():
    desk = make_desk()
    order_by_card(desk)
    order = Order.objects.get()
    desk.client.force_login(make_contact(desk.company, email="other@x.fr"))

    notice = read_payment_notice(desk.client.get(f"/en{desk.at}/orders/{order.reference}/"))

    assert f"Only the buyer, {desk.contact.email}, can pay this order." in notice.text_content()
    assert notice.xpath(".//a") == []


def test_unknown_payment_method_is_refused_on_the_review_page():
    desk = make_desk()
    desk.client.post(desk.many, make_posted_rows(make_row("Alpha"), check="1"))
    review = f"{desk.many}check/"
    nonce = desk.client.get(review).context["draft"].nonce

    refused = desk.client.post(review, {**BILLING, "nonce": nonce, "payment": "cheque"})
    again = desk.client.get(review)

    assert list(refused.context["payment"].errors) == ["payment"]
    assert again.status_code == 200


def test_review_without_cards_offers_no_payment_method(settings):
    settings.CARD_PAYMENT = False
    desk = make_desk()
    rows = make_posted_rows(make_row("Alpha"), check="1")

    review = desk.client.post(f"/en{desk.many}", rows, follow=True)

    assert review.context["payment"] is None
    assert "One invoice for all, issued to this address. Nothing is due now." in review.text
