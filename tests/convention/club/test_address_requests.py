"""The secretary asks the administrators to change an address, also while recording a change of employer."""

import datetime

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.address_requests.requests import (
    ASK_VERB,
    AdministratorsAskedMeanwhile,
    NoAdministrator,
    ask_administrators,
)
from convention.club.models import ClubRole, CompanyContact
from convention.errors import Forbidden, InvalidFields
from tests.factories import (
    START_OF_2020,
    make_administrator,
    make_company,
    make_contact,
    make_member,
    make_person,
    make_secretary,
)
from tests.site_objects import make_client

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NEW = "ana@new-firm.example"


def read(page):
    return " ".join(html.fromstring(page.text).text_content().split())


def get_path(person, page):
    return f"/en/organize/club/people/{person.pk}/{page}"


@pytest.fixture
def secretary():
    return make_secretary(email="secretary@club.example", first_name="Sylvie", last_name="Roux")


@pytest.fixture
def desk(secretary):
    """Return the client of the secretary."""
    return make_client(secretary)


@pytest.fixture
def administrator():
    return make_administrator(email="boss@club.example", language="en", first_name="Boris")


@pytest.fixture
def person():
    """Return a contact, whose address the secretary may not change."""
    return make_contact(
        make_company(name="Acme"), first_name="Ana", last_name="Silva", email="ana@old-firm.example"
    )


@pytest.mark.usefixtures("administrator")
def test_administrator_gets_an_email_with_both_addresses(desk, person, run_tasks, mailoutbox):
    page = desk.post(get_path(person, "address/"), {"email": NEW}, follow=True)
    run_tasks()

    [mail] = mailoutbox
    assert "1 administrator will receive your e-mail about the new address." in read(page)
    assert mail.to == ["boss@club.example"]
    assert mail.reply_to == ["secretary@club.example"]
    assert mail.subject == "Please change the e-mail address of Ana Silva"
    assert "Sylvie Roux asks you to change the e-mail address of Ana Silva." in " ".join(mail.body.split())
    assert "Present address: ana@old-firm.example" in mail.body
    assert f"New address: {NEW}" in mail.body
    assert f"/organize/club/people/{person.pk}/edit/?email=ana%40new-firm.example" in mail.body


def test_each_administrator_reads_their_own_language(desk, person, administrator, run_tasks, mailoutbox):
    make_administrator(email="patronne@club.example", language="fr")

    desk.post(get_path(person, "address/"), {"email": NEW})
    run_tasks()

    greetings = {mail.to[0]: "Hello" in mail.body for mail in mailoutbox}
    assert greetings == {administrator.email: True, "patronne@club.example": False}


@pytest.mark.usefixtures("administrator")
def test_request_is_recorded_without_the_address(desk, secretary, person):
    desk.post(get_path(person, "address/"), {"email": NEW})

    entry = AuditEntry.objects.get(verb=ASK_VERB)
    assert entry.actor == secretary
    assert entry.subject == f"club.person:{person.pk}"
    assert NEW not in f"{entry.details}{entry.reason}{entry.fields}"


@pytest.mark.usefixtures("administrator")
def test_page_of_the_person_says_when_and_by_whom_it_was_asked(desk, person):
    desk.post(get_path(person, "address/"), {"email": NEW})

    page = read(desk.get(get_path(person, "")))

    assert "The administrators were asked on" in page
    assert "by Sylvie Roux to change this address." in page


def test_page_of_the_person_says_nothing_more_once_the_address_is_changed(desk, person, administrator):
    desk.post(get_path(person, "address/"), {"email": NEW})
    values = {"first_name": "Ana", "last_name": "Silva", "language": "fr", "email": NEW}
    make_client(administrator).post(get_path(person, "edit/"), values)

    page = read(desk.get(get_path(person, "")))

    assert NEW in page
    assert "administrators were asked" not in page


@pytest.mark.usefixtures("administrator")
def test_page_that_edits_the_person_has_the_form(desk, person):
    page = html.fromstring(desk.get(get_path(person, "edit/")).text)

    [form] = page.xpath("//form[contains(@action, '/address/')]")
    assert "Ask an administrator to change it" in form.text_content()
    assert "boss@club.example" in page.text_content()
    assert len(page.xpath("//*[@id='id_email']")) == 1


def test_page_that_edits_a_free_address_has_no_such_form(desk):
    page = desk.get(get_path(make_member(), "edit/"))

    assert "Ask an administrator" not in read(page)


def test_administrator_finds_the_new_address_filled_in_and_saves_it(desk, person, administrator):
    desk.post(get_path(person, "address/"), {"email": NEW})
    client, path = make_client(administrator), f"{get_path(person, 'edit/')}?email={NEW}"
    page = html.fromstring(client.get(path).text)
    [form] = [form for form in page.forms if "email" in form.fields]

    client.post(path, dict(form.form_values()))

    person.refresh_from_db()
    assert "Present address: ana@old-firm.example" in " ".join(page.text_content().split())
    assert "by Sylvie Roux to change this address." in " ".join(page.text_content().split())
    assert form.fields["email"] == NEW
    assert person.email == NEW


@pytest.mark.usefixtures("administrator")
def test_address_of_a_link_is_not_filled_in_for_the_secretary(desk, person):
    page = html.fromstring(desk.get(f"{get_path(person, 'edit/')}?email={NEW}").text)

    [field] = page.xpath("//input[@id='id_email']/@value")
    assert field == "ana@old-firm.example"


@pytest.mark.parametrize("typed", ["", "x", "a@b", "a\x00@firm.example", "a" * 300 + "@firm.example"])
def test_invalid_address_of_a_link_is_ignored(person, administrator, typed):
    page = make_client(administrator).get(get_path(person, "edit/"), {"email": typed})

    assert "The new address is filled in" not in read(page)
    assert "ana@old-firm.example" in page.text


@pytest.mark.usefixtures("administrator")
def test_double_click_sends_one_email(desk, person, run_tasks, mailoutbox):
    desk.post(get_path(person, "address/"), {"email": NEW})

    page = desk.post(get_path(person, "address/"), {"email": NEW}, follow=True)
    run_tasks()

    assert "have just been asked to change this address. No second e-mail was sent." in read(page)
    assert len(mailoutbox) == 1


@pytest.mark.usefixtures("administrator")
def test_asking_again_within_a_day_needs_the_warning_of_the_page(desk, person, run_tasks, mailoutbox):
    desk.post(get_path(person, "address/"), {"email": NEW})
    page = html.fromstring(desk.get(get_path(person, "edit/")).text)
    [last_entry] = page.xpath("//input[@name='last_entry']/@value")

    desk.post(get_path(person, "address/"), {"email": NEW, "last_entry": last_entry})
    run_tasks()

    assert "less than 24 hours ago" in page.text_content()
    assert len({mail.extra_headers["Message-ID"] for mail in mailoutbox}) == 2


@pytest.mark.usefixtures("administrator")
def test_asking_again_after_a_day_shows_no_warning(secretary, person, monkeypatch):
    ask_administrators(person=person, email=NEW, actor=secretary, last_entry_id=None)
    tomorrow = timezone.now() + datetime.timedelta(hours=25)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)

    page = read(make_client(secretary).get(get_path(person, "address/")))

    assert "The administrators were asked on" in page
    assert "less than 24 hours ago" not in page


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("x", "Enter a valid e-mail address."),
        ("ana@gmial.com", "Did you mean ana@gmail.com?"),
        ("other@firm.example", "Someone in the directory already has this address."),
        ("Ana@OLD-firm.example", "This is already the person’s address."),
    ],
)
def test_address_is_checked_before_anyone_is_asked(desk, person, typed, sentence):
    make_person(email="other@firm.example", first_name="Otto", last_name="Other")

    page = desk.post(get_path(person, "address/"), {"email": typed})

    assert sentence in read(page)
    assert not AuditEntry.objects.filter(verb=ASK_VERB).exists()


@pytest.mark.usefixtures("administrator")
def test_page_names_the_person_who_has_the_address(desk, person):
    make_person(email="other@firm.example", first_name="Otto", last_name="Other")

    page = read(desk.post(get_path(person, "address/"), {"email": "other@firm.example"}))

    assert "This address belongs to: Otto Other" in page


@pytest.mark.usefixtures("administrator")
def test_mistyped_address_can_be_accepted(desk, person):
    desk.post(get_path(person, "address/"), {"email": "ana@gmial.com", "accepts_address": "on"})

    assert AuditEntry.objects.filter(verb=ASK_VERB).count() == 1


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize("last_entry", ["0", "-1", "x", "9" * 30, "1\x00"])
def test_invalid_last_entry_never_sends_a_second_email(desk, person, last_entry):
    values = {"email": NEW, "last_entry": last_entry}

    desk.post(get_path(person, "address/"), values)
    desk.post(get_path(person, "address/"), values)

    assert AuditEntry.objects.filter(verb=ASK_VERB).count() <= 1


def test_no_email_is_sent_once_the_address_is_changed(desk, person, administrator, run_tasks, mailoutbox):
    desk.post(get_path(person, "address/"), {"email": NEW})
    person.email = NEW
    person.save()

    run_tasks()

    assert mailoutbox == []


def test_former_administrator_gets_no_email(desk, person, administrator, run_tasks, mailoutbox):
    desk.post(get_path(person, "address/"), {"email": NEW})
    ClubRole.objects.filter(person=administrator).delete()

    run_tasks()

    assert mailoutbox == []


def test_administrators_who_may_not_change_the_address_are_not_asked(secretary, person, administrator):
    person.is_superuser = True
    person.save()

    with pytest.raises(NoAdministrator):
        ask_administrators(person=person, email=NEW, actor=secretary, last_entry_id=None)


def test_page_without_administrators_says_so(desk, person):
    page = read(desk.get(get_path(person, "address/")))

    assert "No administrator who can change this address has an e-mail address." in page


@pytest.mark.usefixtures("administrator")
def test_newer_request_of_a_colleague_is_respected(secretary, person):
    ask_administrators(person=person, email=NEW, actor=secretary, last_entry_id=None)

    with pytest.raises(AdministratorsAskedMeanwhile):
        ask_administrators(person=person, email=NEW, actor=secretary, last_entry_id=None)


def test_own_and_free_addresses_need_no_request(secretary, administrator):
    for person, actor in ((secretary, secretary), (make_member(), secretary), (secretary, administrator)):
        with pytest.raises(Forbidden):
            ask_administrators(person=person, email=NEW, actor=actor, last_entry_id=None)


def test_reader_who_may_change_the_address_is_led_to_the_edit_page(person, administrator):
    answer = make_client(administrator).get(get_path(person, "address/"), {"email": NEW})

    assert answer.headers["Location"] == f"{get_path(person, 'edit/')}?email=ana%40new-firm.example"


@pytest.mark.usefixtures("administrator")
def test_erased_person_is_refused(secretary, person):
    person.email, person.first_name, person.last_name, person.is_active = None, "", "", False
    person.save()

    with pytest.raises((Forbidden, InvalidFields)):
        ask_administrators(person=person, email=NEW, actor=secretary, last_entry_id=None)


def change_employer_of(client, person, **values):
    company = make_company(name="Globex")
    data = {"on": timezone.localdate(), "to": company.pk, "mandates": "stay", **values}
    return client.post(get_path(person, "employer/"), data, follow=True)


@pytest.mark.usefixtures("administrator")
def test_change_of_employer_asks_for_the_new_address(desk, person, run_tasks, mailoutbox):
    form = read(desk.get(get_path(person, "employer/")))

    page = change_employer_of(desk, person, email=NEW)
    run_tasks()

    person.refresh_from_db()
    assert "Only administrators can change this person’s address." in form
    assert "1 administrator will receive your e-mail about the new address." in read(page)
    assert [mail.to for mail in mailoutbox] == [["boss@club.example"]]
    assert person.email == "ana@old-firm.example"
    assert person.employments.get(ends_on=None).company.name == "Globex"


def test_change_of_employer_is_saved_also_if_nobody_can_be_asked(desk, person):
    page = read(change_employer_of(desk, person, email=NEW))

    assert "Nobody was asked." in page
    assert person.employments.get(ends_on=None).company.name == "Globex"


@pytest.mark.usefixtures("administrator")
def test_change_of_employer_warns_before_asking_again_within_a_day(desk, secretary, person):
    ask_administrators(person=person, email=NEW, actor=secretary, last_entry_id=None)

    page = read(desk.get(get_path(person, "employer/")))

    assert "That was less than 24 hours ago" in page


@pytest.mark.usefixtures("administrator")
def test_change_of_employer_without_an_address_asks_nobody(desk, person):
    change_employer_of(desk, person, email="")

    assert not AuditEntry.objects.filter(verb=ASK_VERB).exists()


def test_change_of_employer_saves_a_free_address(desk):
    member = make_member(first_name="Eva", email="eva@old-firm.example")
    form = read(desk.get(get_path(member, "employer/")))

    change_employer_of(desk, member, email="Eva@New-firm.example")

    member.refresh_from_db()
    assert "E-mail address at the new company" in form
    assert member.email == "eva@new-firm.example"
    assert member.employments.get(ends_on=None).company.name == "Globex"


def test_administrator_saves_the_address_with_the_change_of_employer(person, administrator):
    change_employer_of(make_client(administrator), person, email=NEW)

    person.refresh_from_db()
    assert person.email == NEW
    assert not AuditEntry.objects.filter(verb=ASK_VERB).exists()


@pytest.mark.usefixtures("administrator")
@pytest.mark.parametrize("make", [make_member, lambda: make_contact(make_company())], ids=["free", "asked"])
def test_taken_address_refuses_the_change_of_employer(desk, make):
    leaving = make()
    make_person(email="other@firm.example", first_name="Otto", last_name="Other")

    page = read(change_employer_of(desk, leaving, email="other@firm.example"))

    assert "Someone in the directory already has this address." in page
    assert "This address belongs to: Otto Other" in page
    assert "The change has been saved" not in page
    assert not leaving.employments.filter(company__name="Globex").exists()


def test_change_of_the_own_employer_has_no_address(desk, secretary):
    CompanyContact.objects.create(company=make_company(), person=secretary, starts_on=START_OF_2020)

    form = desk.get(get_path(secretary, "employer/"))
    change_employer_of(desk, secretary, email="mine@gmial.com")

    secretary.refresh_from_db()
    assert 'name="email"' not in form.text
    assert secretary.email == "secretary@club.example"


@pytest.fixture
def desk_with_password(secretary):
    """Return the client of the secretary who has not signed in again recently."""
    secretary.set_password("long enough for a test")
    secretary.save()
    return make_client(secretary)


@pytest.mark.usefixtures("administrator")
def test_request_needs_no_recent_sign_in(desk_with_password, person):
    page = read(change_employer_of(desk_with_password, person, email=NEW))

    assert "1 administrator will receive your e-mail about the new address." in page


def test_only_a_saved_address_needs_a_recent_sign_in(desk_with_password):
    client, member = desk_with_password, make_member(email="eva@old-firm.example")
    values = {"on": timezone.localdate(), "title": "Director"}

    answer = client.post(get_path(member, "employer/"), values | {"email": NEW})
    member.refresh_from_db()

    assert "/reauthenticate/" in answer.headers["Location"]
    assert member.email == "eva@old-firm.example"
    assert member.employments.filter(ends_on=None).exists()

    client.post(get_path(member, "employer/"), values)

    assert not member.employments.filter(ends_on=None).exists()
