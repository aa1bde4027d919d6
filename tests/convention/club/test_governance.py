"""Pages of club roles, working groups with their mandates, and membership plans."""

import datetime

import pytest
from django.utils import timezone

from convention.api.models import ApiToken
from convention.api.tokens import create_token
from convention.audit.models import AuditEntry
from convention.club.companies import save_slugged_row
from convention.club.governance.working_groups import save_working_group
from convention.club.models import ClubRole, Mandate, Market, Membership, Person, Plan, WorkingGroup
from convention.club.permissions import has_club_role
from convention.errors import InvalidFields
from tests.factories import START_OF_2020, make_administrator, make_company, make_person
from tests.site_objects import make_client
from tests.threads import run_in_threads

pytestmark = pytest.mark.django_db

AT = "/en/organize/club/"
TODAY = timezone.localdate
DAY = datetime.timedelta(days=1)


def test_role_is_given_to_new_person_and_ended_with_tokens():
    client = make_client(make_administrator())
    fields = {
        "email": "Zoe@firm.example", "first_name": "Zoé", "last_name": "Martin", "role": "treasurer",
        "starts_on": TODAY() - DAY,
    }  # fmt: skip

    given = client.post(f"{AT}roles/", fields, follow=True).content.decode()

    person = Person.objects.get(email="zoe@firm.example")
    assert "Zoé Martin now has the role: treasurer." in given
    assert has_club_role(person, "treasurer")
    assert "Zoé Martin already has this role from" in client.post(f"{AT}roles/", fields).content.decode()

    create_token(person_id=person.pk, name="program", scopes=["registrations:read"])
    role = person.club_roles.get()
    ended = client.post(f"{AT}roles/{role.pk}/end/", follow=True).content.decode()

    assert "Zoé Martin’s role has ended." in ended
    assert "API token has been revoked" in ended
    assert "<h2>Ended</h2>" in ended
    assert not has_club_role(person, "treasurer")
    assert ApiToken.objects.get(person=person).revoked_at
    verbs = AuditEntry.objects.filter(verb__startswith="club_role").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == ["club_role.give", "club_role.end"]

    past = ClubRole.objects.create(
        person=person, role="treasurer", starts_on=START_OF_2020, ends_on=START_OF_2020
    )
    ClubRole.objects.create(person=person, role="treasurer", starts_on=START_OF_2020 + DAY)
    client.post(f"{AT}roles/{past.pk}/end/")

    # Ending a past role from an outdated page must not end the present one.
    assert has_club_role(Person.objects.get(pk=person.pk), "treasurer")


def test_last_administrator_and_own_role_cannot_be_ended():
    administrator = make_administrator()
    first = administrator.club_roles.get()
    root = Person.objects.create_user("root@club.example", last_name="Root", is_superuser=True)

    last = make_client(root).post(f"{AT}roles/{first.pk}/end/")

    assert last.status_code == 403
    assert "last administrator" in last.content.decode()

    second = ClubRole.objects.create(person=make_person(), role="administrator", starts_on=TODAY() + DAY)
    client = make_client(administrator)
    # The second role begins tomorrow: today the first administrator is still the last.
    assert "last administrator" in client.post(f"{AT}roles/{first.pk}/end/").content.decode()
    ClubRole.objects.filter(pk=second.pk).update(starts_on=START_OF_2020)

    own = client.post(f"{AT}roles/{first.pk}/end/")

    assert "You cannot end your own role" in own.content.decode()
    page = client.get(f"{AT}roles/").content.decode()
    assert "Another administrator can end your role." in page
    assert "Root</a>" in page
    assert make_client(second.person).post(f"{AT}roles/{first.pk}/end/").status_code == 302
    assert not has_club_role(Person.objects.get(pk=administrator.pk), "administrator")


def test_closed_account_and_new_person_without_name_get_no_role():
    make_person(email="ana@firm.example", first_name="Ana", last_name="Silva", is_active=False)
    client = make_client(make_administrator())
    fields = {"role": "secretary", "starts_on": TODAY()}

    closed = client.post(f"{AT}roles/", {**fields, "email": "ana@firm.example"}).content.decode()
    nameless = client.post(f"{AT}roles/", {**fields, "email": "new@firm.example"}).content.decode()

    assert "The account of ana@firm.example is closed" in closed
    assert "Nobody in the directory has this address. Check it or, to add someone new" in nameless

    company = make_company(role="organizer")
    as_contact = client.post(
        f"{AT}companies/{company.slug}/", {"email": "ana@firm.example", "starts_on": TODAY()}
    )
    too_long = client.post(f"{AT}roles/", {**fields, "email": f"{'a' * 250}@firm.example"})

    assert "The account of ana@firm.example is closed" in as_contact.content.decode()
    assert too_long.context["form"].errors["email"] == ["At most 254 characters; this has 263."]
    assert not ClubRole.objects.filter(role="secretary").exists()


def test_working_group_is_created_edited_and_given_mandates():
    client = make_client(make_administrator())
    person = make_person(email="ana@firm.example", first_name="Ana", last_name="Silva")
    assert "There is no working group yet." in client.get(f"{AT}groups/").content.decode()

    answer = client.post(
        f"{AT}groups/new/", {"name": " Cloud  souverain ", "kind": "thematic", "charter": "A & B"}
    )

    group = WorkingGroup.objects.get()
    at = f"{AT}groups/cloud-souverain/"
    assert answer["Location"] == at
    assert group.name == "Cloud souverain"
    twin = client.post(f"{AT}groups/new/", {"name": "Cloud souverain", "kind": "technical"})
    long = client.post(f"{at}edit/", {"name": "Cloud", "kind": "technical", "charter": "é" * 20_001})
    assert list(long.context["form"].errors) == ["charter"]
    assert "Another group already has this name." in twin.content.decode()
    client.post(f"{at}edit/", {"name": "Cloud", "kind": "technical", "charter": ""})
    group.refresh_from_db()
    assert group.name == "Cloud"
    assert group.slug == "cloud-souverain"
    assert group.kind == "technical"

    mandate_fields = {"email": "Ana@firm.example", "role": "lead", "starts_on": "2026-01-01"}
    client.post(at, mandate_fields)
    mandate = Mandate.objects.get()

    assert mandate.person == person
    assert mandate.ends_on is None
    assert AuditEntry.objects.get(verb="mandate.give").fields == ["person", "role", "starts_on", "ends_on"]
    assert "Ana Silva already has this role from" in client.post(at, mandate_fields).content.decode()
    assert "Ana Silva" in client.get(f"{AT}groups/").content.decode()
    backwards = client.post(
        f"{at}mandates/{mandate.pk}/", {"starts_on": "2026-01-01", "ends_on": "2025-01-01"}
    )
    assert "must not be before the first" in backwards.content.decode()

    client.post(f"{at}mandates/{mandate.pk}/", {"starts_on": "2025-01-01", "ends_on": "2999-12-31"})
    mandate.refresh_from_db()

    assert mandate.starts_on.year == 2025
    assert mandate.ends_on.year == 2999

    page = client.post(f"{at}mandates/{mandate.pk}/end/", follow=True).content.decode()

    assert "Ana Silva’s mandate has ended." in page
    assert "<h2>Past mandates</h2>" in page
    assert not Mandate.objects.open().exists()
    assert f'{at}">Cloud</a>' in client.get(f"{AT}people/{person.pk}/").content.decode()


def test_changing_plan_leaves_memberships_unchanged():
    client = make_client(make_administrator())
    fields = {
        "name": "Essentiel", "name_en": "Essential", "dues_cents": "2500", "vat_rate": "0", "seats": "5",
        "extra_seat_price_cents": "150.50", "passes": "2", "votes": "1", "position": "1", "is_offered": "on",
    }  # fmt: skip
    assert "There is no plan yet." in client.get(f"{AT}plans/").content.decode()

    client.post(f"{AT}plans/new/", fields)

    plan = Plan.objects.get()
    assert plan.slug == "essentiel"
    assert plan.dues_cents == 250_000
    assert plan.extra_seat_price_cents == 15_050
    company = make_company(role=None, name="Banque", slug="banque")
    client.post(f"{AT}companies/banque/memberships/new/", {"plan": plan.pk, "starts_on": TODAY()})
    page = client.get(f"{AT}plans/essentiel/").content.decode()
    assert "1 membership under this plan keeps the terms" in page

    client.post(f"{AT}plans/essentiel/", {**fields, "name": "Base", "dues_cents": "3000", "vat_rate": "20"})

    plan.refresh_from_db()
    membership = Membership.objects.get(company=company)
    assert plan.name == "Base"
    assert plan.dues_cents == 300_000
    assert plan.vat_rate == 2000
    assert plan.exemption == ""
    assert membership.plan_name == "Essentiel"
    assert membership.dues_cents == 250_000
    assert membership.vat_rate == 0
    wrong = client.post(f"{AT}plans/essentiel/", {**fields, "name": " ", "vat_rate": "101"})
    assert {"name", "vat_rate"} <= set(wrong.context["form"].errors)


def test_navigation_links_every_directory_list():
    client = make_client(make_administrator())
    lists = ["", "people/", "groups/", "roles/", "plans/", "markets/"]

    for name in lists:
        page = client.get(f"{AT}{name}").content.decode()
        assert f'href="{AT}{name}" aria-current="page"' in page
        assert [other for other in lists if f'href="{AT}{other}"' not in page] == []


PLAN = {
    "name": "Essentiel", "dues_cents": "2500", "vat_rate": "0", "seats": "5", "extra_seat_price_cents": "0",
    "passes": "0", "votes": "1", "position": "1", "is_offered": "on",
}  # fmt: skip


def test_plan_with_more_seats_than_any_company_has_is_refused():
    client = make_client(make_administrator())

    page = client.post(f"{AT}plans/new/", {**PLAN, "seats": "10001"})

    assert list(page.context["form"].errors) == ["seats"]
    assert not Plan.objects.exists()


def test_plan_with_duplicate_name_is_refused():
    client = make_client(make_administrator())
    client.post(f"{AT}plans/new/", PLAN)

    twin = client.post(f"{AT}plans/new/", {**PLAN, "name": " ESSENTIEL "})

    assert twin.context["form"].errors["name"] == ["Another plan already has this name."]
    assert Plan.objects.count() == 1


def test_plan_can_be_saved_with_its_own_name():
    client = make_client(make_administrator())
    client.post(f"{AT}plans/new/", PLAN)

    answer = client.post(f"{AT}plans/essentiel/", {**PLAN, "name": "essentiel", "votes": "2"})

    assert answer.status_code == 302
    assert Plan.objects.get().votes == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("address", "fields", "model"),
    [
        ("plans/new/", PLAN, Plan),
        ("groups/new/", {"name": "Stockage", "kind": "thematic"}, WorkingGroup),
        ("markets/", {"name": "Stockage"}, Market),
    ],
)
def test_concurrent_requests_create_one_row_and_others_get_form_error(address, fields, model):
    administrator = make_administrator()
    clients = [make_client(administrator) for _number in range(4)]

    answers = run_in_threads([lambda one=one: one.post(AT + address, fields) for one in clients])

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 302]
    assert model.objects.count() == 1
    refused = [answer.context["form"].errors for answer in answers if answer.status_code == 200]
    assert [list(errors) for errors in refused] == [["name"]] * 3


@pytest.mark.parametrize(
    "save",
    [
        lambda name: save_slugged_row(row=Plan(name=name), changed_fields=["name"]),
        lambda name: save_slugged_row(row=Market(name=name), changed_fields=["name"]),
        lambda name: save_working_group(
            group=WorkingGroup(name=name, kind="thematic"), changed_fields=["name"]
        ),
    ],
)
def test_duplicate_name_missed_by_form_is_refused_on_save(save):
    save("Stockage")

    with pytest.raises(InvalidFields) as refused:
        save("stockage")

    assert list(refused.value.field_errors) == ["name"]
