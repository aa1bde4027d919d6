"""The recipients of the pages with e-mail addresses: by language, and as a list for a mail merge."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import html

from badges.mailings.models import Unsubscription
from convention.audit.models import AuditEntry
from convention.club.models import CompanyContact, Employment
from convention.tables.files import read_table
from tests.convention.club.test_recipients import AT, list_addresses, list_left_out, make_firm, read
from tests.factories import START_OF_2020, make_contact, make_secretary
from tests.site_objects import make_client
from tests.workbooks import read_values

pytestmark = pytest.mark.django_db
PEOPLE = f"{AT}people/addresses/"
SELECTED = f"{AT}addresses/selected/"


@pytest.fixture
def client():
    return make_client(make_secretary(first_name="Sam", last_name="Secretary", email="sam@club.example"))


@pytest.fixture
def lake():
    """Return a company with contacts who read French, French and English; the second unsubscribed."""
    company = make_firm("Lake")
    for name, language in (("Ana", "fr"), ("Bea", "fr"), ("Cleo", "en")):
        email = f"{name.lower()}@lake.example"
        make_contact(company, first_name=name, last_name="Roy", email=email, language=language)
    Unsubscription.objects.create(email="bea@lake.example")
    return company


def download(client, path, **parameters):
    return read_table("recipients.csv", client.get(path, {"download": "csv", **parameters}).content)


def list_cells(table):
    return [cells for _number, cells in table.rows]


def list_options(tree):
    return [" ".join(option.split()) for option in tree.xpath("//select[@name='language']/option/text()")]


def test_recipients_are_downloaded_with_what_a_mail_merge_needs(client, lake):
    table = download(client, f"{AT}companies/lake/addresses/")

    assert table.header == ["First name", "Last name", "Company", "E-mail", "Language"]
    assert list_cells(table) == [
        ["Ana", "Roy", "Lake", "ana@lake.example", "French"],
        ["Cleo", "Roy", "Lake", "cleo@lake.example", "English"],
    ]


def test_recipients_are_downloaded_as_a_workbook(client, lake):
    answer = client.get(f"{AT}companies/lake/addresses/?download=xlsx")

    assert answer["Content-Disposition"] == 'attachment; filename="recipients.xlsx"'
    assert answer["Cache-Control"] == "private, no-store"
    assert read_values(answer.content)[1][3] == "ana@lake.example"


def test_list_has_all_companies_of_a_person_once(client, lake):
    person = lake.contacts.get(person__first_name="Ana").person
    Employment.objects.create(company=lake, person=person, starts_on=START_OF_2020)
    CompanyContact.objects.create(company=make_firm("Hill"), person=person, starts_on=START_OF_2020)
    former = CompanyContact.objects.create(company=make_firm("Sea"), person=person, starts_on=START_OF_2020)
    CompanyContact.objects.filter(pk=former.pk).update(ends_on=START_OF_2020)

    table = download(client, f"{AT}companies/lake/addresses/")

    assert sorted(list_cells(table)[0][2].split(", ")) == ["Hill", "Lake"]


def test_formula_in_a_name_is_no_formula_in_the_list(client):
    make_contact(make_firm("Lake"), first_name="=1+1", last_name="Roy", email="ana@lake.example")

    content = client.get(f"{AT}companies/lake/addresses/?download=csv").content.decode()

    assert "'=1+1" in content


def test_page_of_one_language_shows_and_downloads_only_its_readers(client, lake):
    path = f"{AT}companies/lake/addresses/"

    tree = read(client, f"{path}?language=fr&unsubscribed=include")
    table = download(client, path, language="fr", unsubscribed="include")

    assert list_options(tree) == ["All languages", "French (2)", "English (1)"]
    assert list_addresses(tree) == ["ana@lake.example", "bea@lake.example"]
    assert [cells[3] for cells in list_cells(table)] == ["ana@lake.example", "bea@lake.example"]


def test_only_readers_of_the_language_are_named_as_left_out(client, lake):
    french = read(client, f"{AT}companies/lake/addresses/?language=fr")
    english = read(client, f"{AT}companies/lake/addresses/?language=en")

    assert list_left_out(french) == {"Unsubscribed from club news (1)": ["Bea Roy"]}
    assert list_left_out(english) == {}


def test_people_of_one_language_need_no_choice(client):
    make_contact(make_firm("Lake"))

    tree = read(client, f"{AT}companies/lake/addresses/")

    assert not tree.xpath("//select[@name='language']")


@pytest.mark.parametrize("query", ["language=de", "language=%00", "download=pdf", "download=%00"])
def test_unknown_language_or_kind_is_ignored(client, lake, query):
    tree = read(client, f"{AT}companies/lake/addresses/?{query}")

    assert list_addresses(tree) == ["ana@lake.example", "cleo@lake.example"]


def test_forms_of_the_page_carry_the_filter_language_and_choice(client, lake):
    tree = read(client, f"{PEOPLE}?q=roy&language=fr&unsubscribed=include")

    fields = [
        sorted(f"{field.name}={field.value}" for field in form.xpath(".//input[@type='hidden']"))
        for form in tree.xpath("//main//form")
    ]
    assert fields == [
        ["q=roy", "unsubscribed=include"],
        ["language=fr", "q=roy", "unsubscribed=include"],
        ["language=fr", "q=roy"],
    ]


def test_ticked_companies_are_downloaded_and_filtered_by_language_too(client, lake):
    make_contact(make_firm("Forest"), email="zoe@forest.example")
    page = html.fromstring(client.post(SELECTED, {"selected": ["lake"]}).text)
    [form] = page.xpath("//form[.//button[@name='download']]")
    fields = dict(form.form_values())

    french = html.fromstring(client.post(SELECTED, {**fields, "language": "fr"}).text)
    answer = client.post(SELECTED, {**fields, "download": "csv"})

    assert list_addresses(french) == ["ana@lake.example"]
    assert [cells[0] for cells in list_cells(read_table("recipients.csv", answer.content))] == ["Ana", "Cleo"]


def test_download_is_recorded_with_its_choices(client, lake):
    download(client, PEOPLE, q="roy", language="fr", unsubscribed="include")

    entry = AuditEntry.objects.get(verb="addresses.export")
    assert entry.fields == ["q", "unsubscribed", "language", "csv"]
    assert entry.details == {"count": 2}


def test_queries_of_a_download_do_not_grow_with_the_people(client):
    company = make_firm("Lake")
    counts = []
    for _step in range(2):
        for _contact in range(5):
            make_contact(company)
        with CaptureQueriesContext(connection) as queries:
            download(client, f"{AT}companies/lake/addresses/")
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_chosen_language_that_nobody_reads_any_more_is_shown(client, lake):
    CompanyContact.objects.filter(person__language="en").delete()

    tree = read(client, f"{AT}companies/lake/addresses/?language=en")

    assert tree.xpath("//select[@name='language']/option[@selected]/@value") == ["en"]
