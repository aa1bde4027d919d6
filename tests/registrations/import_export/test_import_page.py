"""Import page of organizers: a list is checked, and preserved until it is imported."""

import re

import pytest
from django.test import Client
from lxml import html

from convention.events.models import Event
from registrations.models import ImportRun, Registration
from tests.factories import make_registration
from tests.registrations.test_pages import read_page_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_list_is_checked_and_then_imported(organizer: Client, event: Event, tmp_path):
    page = "/organize/congress/registrations/import/"
    file = tmp_path / "list.csv"
    file.write_bytes("Prénom;Nom;E-mail\nA;B;nobody\n".encode("cp1252"))
    with file.open("rb") as upload:
        assert "Ligne 2" in read_page_text(organizer.post(page, {"file": upload, "check": "1"}))
    file.write_bytes("Prénom;Nom;Billet\nÉlise;B;guest\n".encode("cp1252"))

    with file.open("rb") as upload:
        checked = organizer.post(page, {"file": upload, "check": "1"}).content.decode()

    assert Registration.objects.count() == 0

    body = re.search(r'<textarea name="checked" hidden>(.*?)</textarea>', checked, re.S).group(1)

    assert organizer.post(page, {"checked": body}).status_code == 302
    assert Registration.objects.get().first_name == "Élise"
    assert "Choisissez un fichier" in read_page_text(organizer.post(page, {"check": "1"}))


IMPORT = "/organize/congress/registrations/import/"


def upload_list(organizer: Client, tmp_path, content: str, address: str = IMPORT):
    """Upload a file with this content to be checked, and return the page."""
    (tmp_path / "list.csv").write_text(content)
    with (tmp_path / "list.csv").open("rb") as upload:
        return html.fromstring(organizer.post(address, {"file": upload, "check": "1"}).content)


def list_notice_items(page, kind: str) -> list[str]:
    """Return the texts listed in the notice of this kind."""
    lines = page.xpath(f"//div[@class='notice {kind}']//li")
    return [line.text_content().replace("\u202f", " ") for line in lines]


def test_each_error_is_shown_once_and_list_is_preserved(organizer: Client, event: Event, tmp_path):
    rows = "".join(f"A,B{n},gold\n" for n in range(60)) + "\n" + "".join(f"C,{n},t{n}\n" for n in range(60))
    page = upload_list(organizer, tmp_path, f"first_name,last_name,ticket\n{rows}")

    lines = list_notice_items(page, "error")

    assert len(lines) == 51
    assert lines[0] == "Lignes 2–61 : Il n’y a pas de billet « gold ». Vérifiez son nom court."
    assert lines[-1] == "… et 11 autres."
    assert lines[1] == "Ligne 63 : Il n’y a pas de billet « t0 ». Vérifiez son nom court."

    [kept] = page.xpath("//textarea[@name='checked']/text()")
    again = html.fromstring(organizer.post(IMPORT, {"checked": kept, "check": "1"}).content)

    assert list_notice_items(again, "error") == lines

    event.tickets.update(slug="gold")
    again = html.fromstring(organizer.post(IMPORT, {"checked": kept, "check": "1"}).content)

    assert list_notice_items(again, "error")[0] == lines[1]


def test_incomplete_rows_are_shown_as_warnings_before_import(organizer: Client, event: Event, tmp_path):
    page = upload_list(organizer, tmp_path, "first_name,last_name,ticket\n,B,guest\nC,D,guest\n\n,E,guest\n")

    assert list_notice_items(page, "warning") == ["Lignes 2, 5 : Le prénom manque."]

    [kept] = page.xpath("//textarea[@name='checked']/text()")

    assert organizer.post(IMPORT, {"checked": kept}).status_code == 302
    assert list(Registration.objects.order_by("pk").values_list("last_name", flat=True)) == ["B", "D", "E"]


def test_missing_last_names_are_shown_as_warnings(organizer: Client, event: Event):
    rows = "Zoé,,\n,,Ana\n,,Ana Blanc\n"

    page = organizer.post(
        f"/en{IMPORT}", {"checked": f"first_name,last_name,full name\n{rows}", "check": "1"}
    )

    lines = list_notice_items(html.fromstring(page.content), "warning")
    assert lines == ["Rows 2–3: The last name is missing."]


def test_list_is_preserved_when_event_sold_out_meanwhile(organizer: Client, event: Event, tmp_path):
    page = upload_list(organizer, tmp_path, "first_name,last_name,ticket\nA,B,guest\n")
    [kept] = page.xpath("//textarea[@name='checked']/text()")
    event.tickets.update(reserved=10)

    refused = html.fromstring(organizer.post(IMPORT, {"checked": kept}).content)

    assert "Il ne reste plus de place" in refused.xpath("//*[@id='error-summary']")[0].text_content()
    assert refused.xpath("//textarea[@name='checked']/text()") == [kept]


def test_errors_are_downloaded_as_file_with_their_rows(organizer: Client, event: Event, tmp_path):
    page = upload_list(organizer, tmp_path, "Liste 2027\nPrénom,Nom,Billet\nA,B,guest\nC,=D,gold\n,,gold\n")

    assert (
        page.xpath("//form[@id='columns']/p[@class='muted']")[0]
        .text_content()
        .endswith("(en-têtes à la ligne 2).")
    )

    [kept] = page.xpath("//textarea[@name='checked']/text()")
    answer = organizer.post(IMPORT, {"checked": kept, "errors": "csv"})

    assert answer["Content-Disposition"] == 'attachment; filename="Erreurs.csv"'
    assert answer.content.decode("utf-8-sig").replace("\u202f", " ").splitlines() == [
        "Ligne,Erreur,Prénom,Nom,Billet",
        "4,Il n’y a pas de billet « gold ». Vérifiez son nom court.,C,'=D,gold",
        "5,Il n’y a pas de billet « gold ». Vérifiez son nom court. Indiquez un nom.,,,gold",
    ]

    event.tickets.update(slug="gold")
    good = organizer.post(IMPORT, {"checked": "first_name,last_name,ticket\nA,B,gold\n", "errors": "xlsx"})

    assert "La liste est prête à être importée" in read_page_text(good)
    assert Registration.objects.count() == 0


def test_changed_column_is_checked_again_before_the_import(organizer: Client, event: Event, tmp_path):
    page = upload_list(organizer, tmp_path, "first_name,last_name,Régime\nA,B,végan\n")
    [form] = page.xpath("//form[@id='columns']")
    values = dict(form.form_values())

    checked_again = organizer.post(IMPORT, values | {"column-2": "company"})
    count_before_import = Registration.objects.count()
    [form] = html.fromstring(checked_again.content).xpath("//form[@id='columns']")
    imported = organizer.post(IMPORT, dict(form.form_values()))

    assert count_before_import == 0
    assert checked_again.context["preview"].ignored_columns == []
    assert imported.status_code == 302
    assert Registration.objects.get().company == "végan"


def test_unchanged_columns_are_imported_at_once(organizer: Client, event: Event, tmp_path):
    page = upload_list(organizer, tmp_path, "first_name,last_name,Régime\nA,B,végan\n")
    [form] = page.xpath("//form[@id='columns']")

    imported = organizer.post(IMPORT, dict(form.form_values()))

    assert imported.status_code == 302
    assert Registration.objects.get().company == ""


def import_checked(organizer: Client, page, **fields):
    """Submit the form of a checked list."""
    [form] = page.xpath("//form[@id='columns']")
    values = {
        name: value for name, value in form.form_values() if name not in ("check", "csrfmiddlewaretoken")
    }
    return organizer.post(IMPORT, values | fields, follow=True)


def test_preview_states_the_price_of_the_new_registrations(organizer: Client, event: Event, tmp_path):
    page = upload_list(
        organizer, tmp_path, "first_name,last_name,email\nA,B,a@example.org\nC,D,\n", f"/en{IMPORT}"
    )

    [notice] = page.xpath("//div[@class='notice']")

    assert "2 new registrations cost €240 in total, to be invoiced." in notice.text_content()


def test_newcomers_hear_nothing_unless_the_box_is_ticked(
    organizer: Client, event: Event, tmp_path, run_tasks, mailoutbox
):
    page = upload_list(organizer, tmp_path, "first_name,last_name,email\nA,B,a@example.org\n")

    import_checked(organizer, page)
    run_tasks()

    assert Registration.objects.count() == 1
    assert mailoutbox == []


def test_ticked_box_mails_the_confirmation_to_newcomers(
    organizer: Client, event: Event, tmp_path, run_tasks, mailoutbox
):
    page = upload_list(organizer, tmp_path, "first_name,last_name,email\nA,B,a@example.org\nC,D,\n")
    [box] = page.xpath("//input[@name='newcomer_mails']")

    import_checked(organizer, page, newcomer_mails=box.get("value"))
    run_tasks()

    assert box.get("checked") is None
    assert [message.to for message in mailoutbox] == [["a@example.org"]]
    assert Registration.objects.get(email="a@example.org").confirmation_sent_at is not None


def test_link_after_the_import_lists_the_new_registrations(organizer: Client, event: Event, tmp_path):
    make_registration(event.tickets.get(), last_name="Ancienne")
    page = upload_list(organizer, tmp_path, "first_name,last_name,email\nA,Nouvelle,a@example.org\n")

    answer = html.fromstring(import_checked(organizer, page).content)
    [link] = answer.xpath(f"//a[contains(@href, '?run={ImportRun.objects.get().pk}')]")
    listed = organizer.get(link.get("href")).text

    assert "Nouvelle" in listed
    assert "Ancienne" not in listed
