"""A mistyped e-mail address gets a hint that blocks nothing, on the first screen and on the review."""

import pytest
from django.test import Client
from lxml import html

from registrations.models import Registration
from tests.registrations.test_pages import build_person_form

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("event")]
REGISTER = "/en/events/congress/register/"
HINT = "Did you mean zoe@gmail.com?"
CORRECTION = {"correct_address": "zoe@gmial.com"}


def read_main(answer) -> str:
    return " ".join(html.fromstring(answer.text).xpath("string(//main)").split())


def open_review(client: Client, address: str):
    """Register a person with this address up to the review."""
    client.post(REGISTER, build_person_form(**{"person-0-email": address}))
    client.post(f"{REGISTER}choices/", {"choice-0-ticket": "guest", "answer-0-shown": ""})
    return client.get(f"{REGISTER}check/")


def test_mistyped_address_does_not_block(client: Client):
    answer = client.post(REGISTER, build_person_form(**{"person-0-email": "zoe@gmial.com"}))

    assert answer["Location"] == f"{REGISTER}choices/"


@pytest.mark.parametrize("field", ["person-0-email", "contact"])
def test_first_screen_shows_hint_when_opened_again(client: Client, field):
    client.post(REGISTER, build_person_form(**{field: "zoe@gmial.com"}))

    text = read_main(client.get(REGISTER))

    assert HINT in text


def test_script_gets_hints_for_typed_addresses(client: Client):
    typed = build_person_form(**{"person-0-email": "zoe@gmial.com", "contact": "ana@orage.fr"})

    answer = client.post(REGISTER, typed, headers={"X-Draft": "addresses"})

    hints = html.fromstring(f"<div>{answer.text}</div>").xpath("//*[@data-address-hint]")
    texts = {hint.get("data-address-hint"): hint.text_content() for hint in hints}
    assert HINT in texts["person-0-email"]
    assert "Did you mean ana@orange.fr?" in texts["contact"]


def test_button_of_first_screen_corrects_the_address(client: Client):
    typed = build_person_form(**{"person-0-email": "zoe@gmial.com"})

    answer = client.post(REGISTER, typed | CORRECTION, follow=True)

    [field] = html.fromstring(answer.text).xpath("//input[@name='person-0-email']")
    assert field.get("value") == "zoe@gmail.com"
    assert "Did you mean" not in read_main(answer)


def test_review_names_both_addresses(client: Client):
    text = read_main(open_review(client, "zoe@gmial.com"))

    assert f"Is the address zoe@gmial.com right? {HINT}" in text


def test_button_of_review_corrects_the_address_and_keeps_entries(client: Client):
    open_review(client, "zoe@gmial.com")

    answer = client.post(f"{REGISTER}check/", CORRECTION | {"billing_name": "Acme"}, follow=True)

    page = html.fromstring(answer.text)
    assert "We will send the confirmation to zoe@gmail.com." in read_main(answer)
    assert "Did you mean" not in read_main(answer)
    assert page.xpath("//input[@name='billing_name']/@value") == ["Acme"]
    assert not Registration.objects.exists()


def test_real_address_gets_no_hint(client: Client):
    text = read_main(open_review(client, "zoe@acme.example"))

    assert "Did you mean" not in text


def test_forged_correction_changes_nothing(client: Client):
    open_review(client, "zoe@gmial.com")

    answer = client.post(f"{REGISTER}check/", {"correct_address": "eve@gmial.com"}, follow=True)

    assert "We will send the confirmation to zoe@gmial.com." in read_main(answer)
