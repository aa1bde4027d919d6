"""Adding a person to the directory by hand, changing one, closing and reopening accounts."""

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from lxml import html

from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.club.models import Employment, Person
from convention.privacy.erase import execute_erasure
from convention.privacy.models import PrivacyCase
from tests.factories import (
    START_OF_2020,
    make_account,
    make_administrator,
    make_company,
    make_person,
    verify_address,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db

NEW = "/en/organize/club/people/new/"
FIELDS = {"first_name": "Zoé", "last_name": "Martin", "email": "Zoe@firm.example", "language": "en"}


def test_person_is_added_and_namesake_needs_confirmation():
    client = make_client(make_administrator())

    page = client.post(NEW, FIELDS, follow=True).content.decode()

    person = Person.objects.get(email="zoe@firm.example")
    assert "Person added." in page
    assert person.name == "Zoé Martin"
    assert person.language == "en"
    assert AuditEntry.objects.get(verb="person.add").fields == [
        "email",
        "first_name",
        "last_name",
        "language",
    ]

    other = {**FIELDS, "first_name": "zoe", "email": "z.martin@other.example"}
    warned = client.post(NEW, other).content.decode()

    assert "The directory already has someone with this name:" in warned
    assert not Person.objects.filter(email="z.martin@other.example").exists()

    client.post(NEW, {**other, "is_other_person": "on"})

    assert Person.objects.filter(email="z.martin@other.example").exists()


@pytest.mark.parametrize(
    ("employer_count", "domain", "is_chosen"),
    [(1, "firm.example", True), (2, "firm.example", False), (1, "gmail.com", False)],
)
def test_company_of_the_mail_domain_is_chosen_for_a_new_person(employer_count, domain, is_chosen):
    companies = [make_company() for _number in range(employer_count)]
    for company in companies:
        colleague = make_person(email=f"{company.slug}@{domain}")
        Employment.objects.create(person=colleague, company=company, starts_on=START_OF_2020)

    answer = make_client(make_administrator()).post(NEW, {**FIELDS, "email": f"zoe@{domain}"}, follow=True)

    company = answer.context["job_form"].initial["company"]
    assert company == (companies[0] if is_chosen else None)
    assert (f'<option value="{companies[0].pk}" selected>' in answer.text) == is_chosen


@pytest.mark.parametrize("name", ["first_name", "last_name"])
def test_person_with_one_name_is_added(name):
    fields = {**FIELDS, "first_name": "", "last_name": "", name: "Zoé"}

    make_client(make_administrator()).post(NEW, fields)

    assert Person.objects.get(email="zoe@firm.example").name == "Zoé"


def test_person_without_any_name_is_refused():
    fields = {**FIELDS, "first_name": "", "last_name": ""}

    make_client(make_administrator()).post(NEW, fields)

    assert not Person.objects.filter(email="zoe@firm.example").exists()


def test_taken_email_address_is_refused():
    make_person(email="zoe@firm.example", first_name="Ana", last_name="Autre")
    client = make_client(make_administrator())

    page = client.post(NEW, FIELDS).content.decode()

    assert "Someone in the directory already has this address." in page
    assert "This address belongs to:" in page
    assert "Ana Autre</a>" in page
    assert Person.objects.filter(last_name="Martin").count() == 0


def edit_fields(person: Person, **changes: str) -> dict[str, str]:
    values = {name: getattr(person, name) or "" for name in ("first_name", "last_name", "email", "language")}
    return {**values, **changes}


def test_new_email_address_ends_access_by_former_address(django_capture_on_commit_callbacks):
    password = "a long password"
    person = verify_address(make_person(email="old@firm.example", last_name="Martin", password=password))
    person_client, client = make_client(None), make_client(make_administrator())
    person_client.post("/en/accounts/login/", {"login": person.email, "password": password})
    assert person_client.get("/en/me/").status_code == 200
    create_token(person_id=person.pk, name="program", scopes=["registrations:read"])
    page = f"/en/organize/club/people/{person.pk}/edit/"

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(
            page, edit_fields(person, email="New@Firm.example", last_name="Roi"), follow=True
        )

    person.refresh_from_db()
    assert "The person has been saved." in answer.content.decode()
    assert person.email == "new@firm.example"
    assert person.last_name == "Roi"
    assert not EmailAddress.objects.filter(email="old@firm.example").exists()
    assert person_client.get("/me/").status_code == 302
    assert ApiToken.objects.get(person=person).revoked_at
    assert [message.to for message in mail.outbox] == [["old@firm.example"]]
    assert "new@firm.example" in mail.outbox[0].body
    assert set(AuditEntry.objects.get(verb="person.change").fields) == {"email", "last_name"}

    person_client.force_login(person)
    client.post(page, edit_fields(person, email="NEW@firm.example", first_name="Zoé"))

    # The same address in capitals is not a new address: the session stays open.
    person.refresh_from_db()
    assert person.email == "new@firm.example"
    assert person.first_name == "Zoé"
    assert person_client.get("/en/me/").status_code == 200


def test_namesakes_and_taken_addresses_are_shown_before_a_person_is_changed():
    make_person(email="zoe@firm.example", first_name="Zoé", last_name="Martin", is_active=False)
    person = make_person(email="ana@firm.example", first_name="Ana", last_name="Silva")
    client = make_client(make_administrator())
    page = f"/en/organize/club/people/{person.pk}/edit/"
    renamed = edit_fields(person, first_name="Zoe", last_name="Martin")

    namesakes = client.post(page, renamed).content.decode()
    taken = client.post(page, edit_fields(person, email="ZOE@firm.example")).content.decode()
    emptied = client.post(page, edit_fields(person, email="")).content.decode()

    assert "The directory already has someone with this name:" in namesakes
    assert "(account closed)" in namesakes
    assert "Someone in the directory already has this address." in taken
    assert "Zoé Martin</a> (account closed)" in taken
    assert "Enter an address. If this person should no longer sign in" in emptied
    assert Person.objects.get(pk=person.pk).name == "Ana Silva"

    client.post(page, {**renamed, "is_other_person": "on"})

    assert Person.objects.get(pk=person.pk).name == "Zoe Martin"


def test_closed_account_gives_no_access_and_can_be_reopened():
    person = make_account(first_name="Zoé", last_name="Martin")
    person_client, client = make_client(person), make_client(make_administrator())
    create_token(person_id=person.pk, name="program", scopes=["registrations:read"])
    at = f"/en/organize/club/people/{person.pk}/"

    closed = client.post(f"{at}close/", follow=True).content.decode()

    assert "Zoé Martin’s account has been closed." in closed
    assert person_client.get("/me/").status_code == 302
    assert ApiToken.objects.get(person=person).revoked_at
    assert "Zoé Martin" not in client.get("/en/organize/club/people/").content.decode()
    assert "Zoé Martin" in client.get("/en/organize/club/people/?account=closed").content.decode()

    client.post(f"{at}reopen/")

    assert Person.objects.get(pk=person.pk).is_active
    verbs = AuditEntry.objects.filter(verb__endswith="_account").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["person.close_account", "person.reopen_account"]


def test_administrator_cannot_take_over_superuser_or_lock_the_club_out():
    administrator = make_administrator()
    root = Person.objects.create_user("root@club.example", last_name="Root", is_superuser=True)
    client, root_client = make_client(administrator), make_client(root)
    own = f"/en/organize/club/people/{administrator.pk}/close/"
    of_root = f"/en/organize/club/people/{root.pk}/"

    taken = client.post(f"{of_root}edit/", edit_fields(root, email="mine@firm.example")).content.decode()
    mistyped = client.post(
        f"/en/organize/club/people/{administrator.pk}/edit/",
        edit_fields(administrator, email="slip@x.example"),
    ).content.decode()

    assert "Only a superuser can change this address here." in taken
    assert "Change your own address under “Account and security”." in mistyped
    assert '<a href="/en/me/security/">Change your address under' in mistyped
    assert Person.objects.get(pk=administrator.pk).email == administrator.email
    assert client.post(f"{of_root}close/").status_code == 403
    assert "You cannot close your own account" in client.post(own).content.decode()
    # The superuser holds no role of the club: without this one nobody would be its administrator.
    assert "last administrator" in root_client.post(own).content.decode()
    assert Person.objects.filter(is_active=True).count() == 2


def test_erased_person_cannot_be_changed_or_reopened():
    person = make_account(first_name="Zoé", last_name="Martin")
    Employment.objects.create(person=person, company=make_company())
    execute_erasure(case=PrivacyCase.objects.create(kind="erasure", person=person, email=person.email))
    client = make_client(make_administrator())
    at = f"/en/organize/club/people/{person.pk}/"

    job = Employment.objects.create(person=person, company=make_company())
    page = client.get(at).content.decode()
    edited = client.post(f"{at}edit/", {"first_name": "Zoé", "last_name": "Martin", "language": "fr"})
    titled = client.post(f"{at}jobs/{job.pk}/", {"title": "RSSI", "level": ""})
    reopened = client.post(f"{at}reopen/")
    employed = client.post(f"{at}jobs/", {"job-company": make_company().pk, "job-starts_on": "2030-01-01"})

    assert "erased: this record is kept only for statistics" in page
    assert f"{at}edit/" not in page
    assert "Add a job" not in page
    assert [answer.status_code for answer in (edited, titled, reopened, employed)] == [403] * 4
    assert "has been erased" in reopened.content.decode()
    assert Person.objects.get(pk=person.pk).is_erased


def test_page_of_person_without_employer_asks_for_it_and_no_name_is_called_optional():
    client = make_client(make_administrator())
    form = html.fromstring(client.get(NEW).text)

    added = client.post(NEW, FIELDS, follow=True).content.decode()

    labels = [form.xpath(f"//label[@for='id_{name}']")[0] for name in ("first_name", "last_name")]
    assert [label.text_content().strip() for label in labels] == ["First name", "Last name"]
    assert "Add the employer</button>" in added
    assert "<details open><summary>Add the employer" in added
    assert "Change employer" not in added

    person = Person.objects.get(email="zoe@firm.example")
    Employment.objects.create(person=person, company=make_company())
    employed = client.get(f"/en/organize/club/people/{person.pk}/").content.decode()

    assert "Change employer</a>" in employed
    assert "<details><summary>Add a job" in employed
