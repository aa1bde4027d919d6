"""The pages with e-mail addresses, from which the secretary writes to people of the directory."""

import datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from badges.mailings.models import Unsubscription
from convention.audit.models import AuditEntry
from convention.club.models import CompanyContact, Mandate, Person, WorkingGroup
from convention.club.recipients.address_list import (
    MAX_GROUP_ADDRESSES,
    MAX_LINK_ADDRESSES,
    MAX_LINK_LENGTH,
    LeftOutReason,
    Unsubscribed,
    build_address_list,
)
from convention.models import BouncedAddress
from tests.factories import (
    START_OF_2020,
    make_company,
    make_contact,
    make_member,
    make_membership,
    make_person,
    make_secretary,
)
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db
AT = "/en/organize/club/"


@pytest.fixture
def client():
    return make_client(make_secretary(first_name="Sam", last_name="Secretary", email="sam@club.example"))


def read(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return html.fromstring(answer.text)


def list_addresses(tree):
    """Return the addresses in the text areas."""
    return [address for text in tree.xpath("//main//textarea/text()") for address in text.split("; ")]


def list_left_out(tree):
    """Return the names by reason, which has their number."""
    return {
        group.xpath("string(summary)"): group.xpath("ul/li/a/text()")
        for group in tree.xpath("//section[@id='left-out']/details")
    }


def find_link(tree, text):
    """Return the address of the link with this text."""
    [link] = tree.xpath(f"//main//a[contains(., '{text}')]/@href")
    return link


def make_firm(name, **fields):
    return make_company(name=name, slug=name.lower(), **fields)


def make_ending_firm(name):
    company = make_firm(name, role=None)
    make_membership(company, ends_on=timezone.localdate() + datetime.timedelta(days=10))
    return company


def make_people(count):
    return [Person(email=f"p{number}@example.org", is_active=True) for number in range(count)]


def build(people, unsubscribed=Unsubscribed.LEAVE_OUT):
    return build_address_list(people, unsubscribed=unsubscribed)


def test_filtered_companies_lead_to_their_contacts_addresses(client):
    make_contact(make_ending_firm("Ending"), email="cleo@ending.example")
    make_contact(make_firm("Lasting"), email="zoe@lasting.example")
    companies = read(client, f"{AT}?membership=ending&page=1")

    tree = read(client, find_link(companies, "Write to the contacts of this list"))

    assert list_addresses(tree) == ["cleo@ending.example"]
    assert "Contacts of the companies in the list" in tree.text_content()
    assert "Ends within 60 days" in tree.text_content()
    assert tree.xpath("//a[@class='back']/@href") == [f"{AT}?membership=ending"]


def test_ticked_companies_lead_to_their_contacts_and_back(client):
    for name in ("Lake", "Forest", "Sea"):
        make_contact(make_firm(name), email=f"{name.lower()}@firm.example", last_name=name)
    make_firm("Hill")
    Unsubscription.objects.create(email="forest@firm.example")
    [action] = {
        button.get("formaction")
        for button in read(client, AT).xpath("//button[contains(., 'Write to their contacts')]")
    }

    before = html.fromstring(client.post(action, {"selected": ["lake", "forest", "hill"]}).text)
    [form] = before.xpath("//section[@id='left-out']//form")
    fields = {**dict(form.form_values()), "unsubscribed": "include"}
    after = html.fromstring(client.post(action, fields).text)

    assert list_addresses(before) == ["lake@firm.example"]
    assert list_addresses(after) == ["forest@firm.example", "lake@firm.example"]
    assert "Contacts of the 3 selected companies" in after.text_content()
    assert "1 company has no contact" in after.text_content()
    assert AuditEntry.objects.filter(verb="addresses.export").first().fields == ["selected", "unsubscribed"]


def test_all_companies_of_a_filter_are_selected_and_the_filter_is_kept(client):
    make_contact(make_ending_firm("Ending"), email="cleo@ending.example")
    make_contact(make_firm("Lasting"))

    answer = client.post(f"{AT}addresses/selected/", {"all": "1", "filter": "membership=ending"})

    tree = html.fromstring(answer.text)
    assert list_addresses(tree) == ["cleo@ending.example"]
    assert tree.xpath("//a[@class='back']/@href") == [f"{AT}?membership=ending"]


def test_companies_by_search_and_role_lead_to_their_contacts_alone(client):
    make_contact(make_firm("Lake", role="vendor"), email="cleo@lake.example")
    make_contact(make_firm("Lakeside"), email="zoe@lakeside.example")
    make_contact(make_firm("Forest", role="vendor"), email="ana@forest.example")

    tree = read(client, f"{AT}addresses/?q=lake&role=vendor")

    assert list_addresses(tree) == ["cleo@lake.example"]


def test_unknown_filters_are_ignored_as_on_the_list(client):
    make_contact(email="cleo@lake.example")

    tree = read(client, f"{AT}addresses/?role=x&membership=%00&unsubscribed=x&page=x")

    assert list_addresses(tree) == ["cleo@lake.example"]
    assert "Contacts of all companies" in tree.text_content()


def test_contact_of_two_companies_is_listed_once_and_a_former_one_not(client):
    contact = make_contact(make_firm("Lake"), email="cleo@lake.example")
    CompanyContact.objects.create(company=make_firm("Forest"), person=contact, starts_on=START_OF_2020)
    make_contact(make_firm("Sea"), email="old@sea.example").company_contacts.update(ends_on=START_OF_2020)

    tree = read(client, f"{AT}addresses/")

    assert list_addresses(tree) == ["cleo@lake.example"]


def test_companies_without_a_contact_are_named(client):
    make_contact(make_firm("Lake"))
    make_firm("Forest")
    make_firm("Sea", merged_on=START_OF_2020)

    tree = read(client, f"{AT}addresses/")

    [company] = tree.xpath("//section[h2[contains(., 'without a contact')]]//li/a")
    assert company.get("href") == f"{AT}companies/forest/"


def test_people_of_a_search_lead_to_their_addresses(client):
    make_person(first_name="Zoé", last_name="Martin", email="zoe@firm.example")
    make_person(first_name="Ana", last_name="Silva", email="ana@firm.example")
    people = read(client, f"{AT}people/?q=martin")

    tree = read(client, find_link(people, "Write to these people"))

    assert list_addresses(tree) == ["zoe@firm.example"]
    assert "martin" in tree.text_content()
    assert tree.xpath("//a[@class='back']/@href") == [f"{AT}people/?q=martin"]


def test_people_by_seat_lead_to_their_addresses(client):
    make_member(email="member@firm.example")
    make_person(email="guest@firm.example")

    tree = read(client, f"{AT}people/addresses/?seat=held")

    assert list_addresses(tree) == ["member@firm.example"]


def test_company_leads_to_its_contacts_and_to_all_its_people(client):
    company = make_firm("Lake")
    make_contact(company, email="cleo@lake.example", last_name="A")
    make_member(company, email="zoe@lake.example", last_name="B")
    make_contact(make_firm("Forest"))
    page = read(client, f"{AT}companies/lake/")

    contacts = read(client, find_link(page, "Write to the contacts"))
    people = read(client, find_link(page, "Write to everyone at the company"))

    assert list_addresses(contacts) == ["cleo@lake.example"]
    assert list_addresses(people) == ["cleo@lake.example", "zoe@lake.example"]


def test_group_leads_to_the_people_with_a_mandate(client):
    group = WorkingGroup.objects.create(name="Storage", slug="storage")
    for role, email, ends_on in (
        ("lead", "lead@firm.example", None),
        ("scribe", "scribe@firm.example", None),
        ("lead", "former@firm.example", START_OF_2020),
    ):
        person = make_person(email=email)
        Mandate.objects.create(
            group=group, person=person, role=role, starts_on=START_OF_2020, ends_on=ends_on
        )
    page = read(client, f"{AT}groups/storage/")

    tree = read(client, find_link(page, "Write to these people"))

    assert list_addresses(tree) == ["lead@firm.example", "scribe@firm.example"]
    assert "Participants in the group’s meetings are not included." in tree.text_content()


def test_lead_of_a_group_gets_no_link_to_its_addresses():
    group = WorkingGroup.objects.create(name="Storage", slug="storage")
    lead = make_person()
    Mandate.objects.create(group=group, person=lead, role="lead", starts_on=START_OF_2020)

    page = make_client(lead).get(f"{AT}groups/storage/")

    assert page.status_code == 200
    assert "/addresses/" not in page.text


def test_people_are_left_out_for_the_first_reason_that_applies(client):
    company = make_firm("Lake")
    for name, fields in (
        ("Ok", {"email": "ok@lake.example"}),
        ("Closed", {"email": "closed@lake.example", "is_active": False}),
        ("Nowhere", {"email": None}),
        ("Claimed", {"email": None, "claimed_email": "ok@lake.example"}),
        ("Bounced", {"email": "bounced@lake.example"}),
        ("Quiet", {"email": "quiet@lake.example"}),
    ):
        make_contact(company, first_name="", last_name=name, **fields)
    for address in ("closed@lake.example", "bounced@lake.example"):
        BouncedAddress.objects.create(email=address)
    for address in ("bounced@lake.example", "quiet@lake.example", "else@lake.example"):
        Unsubscription.objects.create(email=address)

    tree = read(client, f"{AT}companies/lake/addresses/")

    assert list_addresses(tree) == ["ok@lake.example"]
    assert list_left_out(tree) == {
        "Account closed (1)": ["Closed"],
        "No confirmed e-mail address (2)": ["Claimed", "Nowhere"],
        "E-mails bounced (1)": ["Bounced"],
        "Unsubscribed from club news (1)": ["Quiet"],
    }
    assert "5 people left out" in tree.text_content()


def test_capitals_of_an_address_do_not_hide_that_it_unsubscribed_or_bounced():
    people = [Person(email="Quiet@Lake.example"), Person(email="Bounced@Lake.example")]
    Unsubscription.objects.create(email="quiet@lake.example")
    BouncedAddress.objects.create(email="bounced@lake.example")

    assert build(people).addresses == []


def test_quoted_address_which_programs_would_split_is_left_out(client):
    company = make_firm("Lake")
    make_contact(company, email='"a; b"@lake.example', first_name="", last_name="Quoted")
    make_contact(company, email="ok@lake.example")

    tree = read(client, f"{AT}companies/lake/addresses/")

    assert list_addresses(tree) == ["ok@lake.example"]
    assert list_left_out(tree) == {"Unusual address: write to it separately (1)": ["Quoted"]}


def test_quoted_address_that_unsubscribed_is_left_out_even_on_request():
    people = [Person(email='"a;b"@lake.example')]
    Unsubscription.objects.create(email=people[0].email)

    address_list = build_address_list(people, unsubscribed=Unsubscribed.INCLUDE)

    assert [group.reason for group in address_list.left_out_groups] == [LeftOutReason.QUOTED]


def test_unsubscribed_people_are_included_on_request_with_the_same_filter(client):
    for name in ("Quiet", "Reader"):
        make_contact(make_ending_firm(name), email=f"{name.lower()}@firm.example", last_name=name)
    make_contact(make_firm("Lasting"), email="zoe@lasting.example")
    Unsubscription.objects.create(email="quiet@firm.example")
    before = read(client, f"{AT}addresses/?membership=ending")
    [form] = before.xpath("//section[@id='left-out']//form")
    [box] = form.xpath(".//input[@type='checkbox']")
    hidden = {field.name: field.value for field in form.xpath(".//input[@type='hidden']")}

    after = client.get(f"{AT}addresses/", {**hidden, box.name: box.get("value")})

    assert list_addresses(before) == ["reader@firm.example"]
    assert list_addresses(html.fromstring(after.text)) == ["quiet@firm.example", "reader@firm.example"]
    assert html.fromstring(after.text).xpath("//input[@type='checkbox']/@checked")


def test_nobody_unsubscribed_and_no_box_is_shown(client):
    make_contact(make_firm("Lake"))

    tree = read(client, f"{AT}companies/lake/addresses/")

    assert not tree.xpath("//main//input[@type='checkbox']")


def test_page_without_addresses_says_so(client):
    make_firm("Lake")

    tree = read(client, f"{AT}companies/lake/addresses/")

    assert "This selection has no address to write to." in tree.text_content()
    assert not tree.xpath("//main//textarea")


def test_link_to_the_e_mail_program_hides_recipients_from_each_other():
    odd = "o'neil+club&co=1@firm.example"

    link = build([Person(email="ana@firm.example"), Person(email=odd)]).bcc_link

    assert urlsplit(link).path == ""
    assert link.startswith("mailto:?bcc=ana@firm.example,")
    assert parse_qs(urlsplit(link).query, separator="&") == {"bcc": [f"ana@firm.example,{odd}"]}


@pytest.mark.parametrize(
    ("count", "has_link"),
    [(0, False), (1, True), (MAX_LINK_ADDRESSES, True), (MAX_LINK_ADDRESSES + 1, False)],
)
def test_link_to_the_e_mail_program_has_a_limit(count, has_link):
    assert bool(build(make_people(count)).bcc_link) is has_link


def test_link_to_the_e_mail_program_is_no_longer_than_windows_passes():
    people = [Person(email=f"{'a' * 190}{number}@example.org") for number in range(10, 20)]

    assert sum(len(person.email) for person in people) > MAX_LINK_LENGTH
    assert build(people).bcc_link == ""


def test_addresses_are_copied_in_groups_that_one_message_can_have():
    groups = build(make_people(MAX_GROUP_ADDRESSES + 1)).groups

    assert [(group.first, group.last) for group in groups] == [(1, 51), (52, 101)]
    assert groups[0].text.endswith("; p50@example.org")
    assert groups[1].text.startswith("p51@example.org; ")


def test_many_addresses_have_a_button_for_each_group(client):
    for person in make_people(MAX_GROUP_ADDRESSES):
        person.save()

    tree = read(client, f"{AT}people/addresses/")

    assert tree.xpath("//button[@data-copy]/text()") == [
        "Copy addresses 1 to 51",
        "Copy addresses 52 to 101",
    ]
    assert tree.xpath("//button[@data-copy]/@data-copy") == tree.xpath("//textarea/text()")
    assert "refuse more than 100 recipients" in tree.text_content()
    assert not tree.xpath("//main//a[starts-with(@href, 'mailto:')]")


@pytest.mark.parametrize(
    ("path", "subject", "fields"),
    [
        ("addresses/?membership=ending&role=x", "companies", ["membership"]),
        ("people/addresses/?q=zoe&unsubscribed=include", "people", ["q", "unsubscribed"]),
        ("companies/lake/addresses/", "club.company:", []),
        ("groups/storage/addresses/", "club.workinggroup:", []),
    ],
)
def test_reading_addresses_is_recorded_without_an_address(client, path, subject, fields):
    make_contact(make_ending_firm("Lake"), first_name="Zoé", email="zoe@lake.example")
    group = WorkingGroup.objects.create(name="Storage", slug="storage")
    person = Person.objects.get(email="zoe@lake.example")
    Mandate.objects.create(group=group, person=person, role="lead", starts_on=START_OF_2020)

    read(client, f"{AT}{path}")

    entry = AuditEntry.objects.get(verb="addresses.export")
    assert entry.subject.startswith(subject)
    assert entry.fields == fields
    assert entry.details == {"count": 1}
    assert entry.actor.email == "sam@club.example"


@pytest.mark.parametrize("path", ["addresses/", "people/addresses/"])
def test_addresses_are_not_cached(client, path):
    answer = client.get(f"{AT}{path}")

    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", ["addresses/", "people/addresses/", "companies/lake/addresses/"])
def test_queries_do_not_grow_with_the_people(client, path):
    company = make_firm("Lake")
    counts = []
    for number in range(2):
        for _step in range(1 + 5 * number):
            contact = make_contact(company)
            Unsubscription.objects.create(email=make_contact(company).email)
            BouncedAddress.objects.create(email=contact.email)
            make_contact(company)
            make_company()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(f"{AT}{path}")
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_addresses_on_the_pages_of_the_directory_are_links(client):
    company = make_firm("Lake")
    contact = make_contact(company, first_name="Zoé", last_name="Martin", email="zoe+club@lake.example")
    group = WorkingGroup.objects.create(name="Storage", slug="storage")
    Mandate.objects.create(group=group, person=contact, role="lead", starts_on=START_OF_2020)
    paths = ("people/?q=martin", f"people/{contact.pk}/", "companies/lake/", "groups/storage/")

    trees = {path: read(client, f"{AT}{path}") for path in paths}

    for path, tree in trees.items():
        assert tree.xpath("//main//a[@href='mailto:zoe%2Bclub@lake.example']/text()") == [
            "zoe+club@lake.example"
        ], path


def test_list_of_closed_accounts_offers_no_message(client):
    make_person(first_name="Zoé", last_name="Martin", email="zoe@firm.example", is_active=False)

    page = read(client, f"{AT}people/?account=closed")
    tree = read(client, f"{AT}people/addresses/?account=closed")

    assert "Write to these people" not in page.text_content()
    assert list_left_out(tree) == {"Account closed (1)": ["Zoé Martin"]}
