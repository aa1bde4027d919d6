"""Test how the desk serves one guest: check-in, note, correction, substitution, badge."""

import datetime
import re

import pytest
from django.utils import timezone
from lxml import html

from badges.attendance.models import Checkpoint, Presence, Scan
from badges.codes import build_badge_code
from badges.desk.arrivals import load_registration_attendance
from badges.desk.models import BadgePrint
from badges.desk.search import find_guests
from badges.printing.print_states import digest_badges, record_printed_badges
from convention.audit.models import AuditEntry
from registrations.changes.substitute import substitute_attendee
from registrations.models import Order, Registration, Ticket
from registrations.notes.models import StaffNote
from registrations.notes.staff_notes import write_staff_note
from registrations.order_request import RequestedPlace
from registrations.permissions import is_own_secret, make_own_secret
from tests.factories import make_event, make_registration, make_staff, make_ticket
from tests.pdf_readers import pdf_text

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def zoe():
    event = make_event(slug="x")
    return make_registration(make_ticket(event), first_name="Zoé", last_name="Lefèvre", company="Énergie")


@pytest.fixture
def desk(zoe, client):
    """Sign in at the desk; return the address of the guest's pages."""
    client.force_login(make_staff(zoe.event, "desk", first_name="Ana", last_name="Silva"))
    return f"/desk/x/guests/{zoe.reference}/"


def test_new_attendee_has_no_check_in_of_the_former_one(zoe, desk, client):
    client.post(f"{desk}check-in/", {"direction": "in"})
    assert "Entrée enregistrée" in client.get(desk).text

    luc = RequestedPlace(ticket="", first_name="Luc", last_name="Roy", email="luc@example.org")
    substitute_attendee(registration=zoe, new_attendee=luc)
    assert "Entrée enregistrée" not in client.get(desk).text
    assert load_registration_attendance(zoe).undoable_scan == ""

    client.post(f"{desk}check-in/", {"direction": "in"})
    assert "Entrée enregistrée" in client.get(desk).text


def test_guest_is_checked_in_on_search_page_and_check_in_is_undone(zoe, desk, client):
    write_staff_note(registration=zoe, text="Remettre le dossier", written_by=None)

    answer = client.post(f"{desk}check-in/", {"direction": "in"}, follow=True)
    page = answer.content.decode()
    scan = re.search(r'name="scan" value="([^"]+)"', page)[1]
    undone = client.post(f"{desk}undo/?part", {"scan": scan}).content.decode()
    was_inside_after_undo = Presence.objects.filter(is_inside=True).exists()
    client.post(f"{desk}check-in/", {"direction": "in"})
    again = client.post(f"{desk}check-in/?part", {"direction": "in"}).content.decode()
    late = client.post(f"{desk}undo/?part", {"scan": scan}).content.decode()
    first_click = str(Scan.objects.filter(verdict="admitted", undoes=None).latest("pk").uid)
    was_inside_after_late_undo = Presence.objects.filter(is_inside=True).exists()
    undone_after_two_clicks = client.post(f"{desk}undo/?part", {"scan": first_click}).content.decode()

    assert "Rien n’a été annulé" in late
    assert was_inside_after_late_undo
    assert f'name="scan" value="{first_click}"' in again
    assert "Passage annulé" in undone_after_two_clicks
    assert not Presence.objects.filter(is_inside=True).exists()
    assert answer.redirect_chain == [(f"/desk/x/?served={zoe.reference}", 302)]
    assert "Entrée enregistrée" in page
    assert "Remettre le dossier" in page
    assert 'name="q" value=""' in page
    assert "Déjà sur place" in again
    assert "<html" not in again
    assert Scan.objects.first().operator == "Ana Silva"
    assert "Passage annulé" in undone
    assert not was_inside_after_undo


def test_refused_guest_is_let_in_with_reason(zoe, desk, client):
    type(zoe).objects.update(confirmed_at=None, hold_expires_at=timezone.now() + datetime.timedelta(hours=1))

    refused = client.post(f"{desk}check-in/?part", {"direction": "in"}).content.decode()
    let_in = client.post(f"{desk}check-in/?part", {"direction": "in", "reason": "Jury"}).content.decode()

    assert "Entrée refusée" in refused
    assert 'name="reason"' in refused
    assert "Entrée enregistrée" in let_in
    assert AuditEntry.objects.get(verb="scan.override").reason == "Jury"


def test_badge_code_finds_guest_and_reports_void_badge(zoe, desk, client):
    code = build_badge_code(zoe)
    client.get("/desk/x/")
    found = client.get("/desk/x/", {"q": code, "part": ""}).content.decode()
    type(zoe).objects.update(badge_version=2)
    void = client.get("/desk/x/", {"q": code.rsplit("/", 1)[1].lower(), "part": ""}).content.decode()
    other = build_badge_code(make_registration(make_ticket(make_event())))
    foreign = client.get("/desk/x/", {"q": other, "part": ""}).content.decode()

    assert "Zoé Lefèvre" in found
    assert "check-in" in found
    assert "Ce badge n’est plus valable" in void
    assert void.count("/check-in/") == 1
    # Only in the refusal, and with a reason.
    assert void.index("<template>") < void.index("/check-in/") < void.index('name="reason"')
    assert "autre événement" in foreign


def test_unchanged_numbers_return_304(zoe, desk, client):
    first = client.get("/desk/x/numbers/")
    same = client.get("/desk/x/numbers/", headers={"if-none-match": first["ETag"]})
    client.post(f"{desk}check-in/", {"direction": "in"})
    later = client.get("/desk/x/numbers/", headers={"if-none-match": first["ETag"]})

    assert same.status_code == 304
    assert later.status_code == 200
    assert "Zoé Lefèvre" in later.content.decode()


def test_staff_note_is_saved_and_deleted_on_substitution(zoe, desk, client):
    client.post(f"{desk}note/", {"text": "  Allergie\nsévère "})
    page = client.get(desk).content.decode()
    long = client.post(f"{desk}note/", {"text": "x" * 501}, follow=True).content.decode()

    assert StaffNote.objects.get().text == "Allergie sévère"
    assert "Allergie sévère" in page
    assert "Ana Silva" in page
    assert "500" in long
    substitute_attendee(
        registration=zoe,
        new_attendee=RequestedPlace(ticket="", first_name="Léo", last_name="B", email="l@b.example"),
    )
    assert not StaffNote.objects.exists()
    client.post(f"{desk}note/", {"text": ""})
    assert AuditEntry.objects.filter(verb="registration.note").count() == 1


def test_correction_keeps_badge_and_substitution_voids_it(zoe, desk, client):
    typed = {"first_name": "Zoë", "last_name": "Lefèvre", "email": zoe.email, "company": "Énergie du Rhône"}

    client.post(f"{desk}correct/", typed)
    zoe.refresh_from_db()
    version, company = zoe.badge_version, zoe.company
    code = build_badge_code(zoe)
    other = {"first_name": "Léo", "last_name": "Bêta", "email": "leo@example.org"}
    page = client.post(f"{desk}substitute/", other, follow=True).content.decode()
    zoe.refresh_from_db()

    assert version == 1
    assert company == "Énergie du Rhône"
    assert "La place est maintenant attribuée à Léo Bêta" in page
    assert zoe.badge_version == 2
    assert find_guests(event=zoe.event, query=code).problem
    assert (
        'name="email" value="nobody"'
        in client.post(f"{desk}substitute/", {**other, "email": "nobody"}).content.decode()
    )


def test_transfer_at_the_desk_sets_the_company(zoe, desk, client):
    typed = {"first_name": "Léo", "last_name": "Bêta", "email": "leo@example.org", "company": "Réseaux"}

    form = client.get(f"{desk}substitute/").text
    client.post(f"{desk}substitute/", typed)

    zoe.refresh_from_db()
    assert 'name="company" value="Énergie"' in form
    assert zoe.company == "Réseaux"


def test_transfer_of_members_place_does_not_ask_for_the_company(zoe, desk, client):
    type(zoe.ticket).objects.filter(pk=zoe.ticket_id).update(audience=Ticket.Audience.MEMBER)

    form = client.get(f"{desk}substitute/").text

    assert 'name="email"' in form
    assert 'name="company"' not in form


@pytest.mark.parametrize(
    ("payment", "sentence"),
    [("card", "Still to pay for this order: €90."), ("invoice", "Still due on invoice for this order: €90.")],
)
def test_transfer_page_names_what_the_order_owes(zoe, desk, client, payment, sentence):
    Order.objects.update(payment=payment, total=9_000)
    Registration.objects.update(price=9_000)

    page = client.get(f"/en{desk}substitute/").text

    assert f"The transfer costs nothing. {sentence}" in page


def test_transfer_of_members_place_asks_for_the_address_with_the_reason(zoe, desk, client):
    Ticket.objects.update(audience=Ticket.Audience.MEMBER)

    page = client.get(f"/en{desk}substitute/").text
    refused = client.post(
        f"/en{desk}substitute/", {"first_name": "Léo", "last_name": "Bêta", "email": ""}
    ).text

    [field] = html.fromstring(page).xpath("//div[label[@for='id_email']]")
    assert "(optional)" not in field.text_content()
    assert "Needed to find the new attendee’s seat at the company." in field.text_content()
    assert "Enter the colleague’s own e-mail address" in refused


def test_correction_says_that_the_printed_badge_stays_valid_only_if_it_was_printed(zoe, desk, client):
    typed = {"first_name": "Zoë", "last_name": "Lefèvre", "email": zoe.email, "company": "Énergie"}
    leo = {"first_name": "Léo", "last_name": "Bêta", "email": "leo@example.org", "company": "Énergie"}

    unprinted = client.post(f"/en{desk}correct/", typed, follow=True).text
    client.post(f"{desk}badge/", {"format": "page"})
    printed = client.post(f"/en{desk}correct/", {**typed, "company": "Réseaux"}, follow=True).text
    transferred = client.post(f"/en{desk}substitute/", leo, follow=True).text
    after_transfer = client.post(f"/en{desk}correct/", {**leo, "company": "Eau"}, follow=True).text

    assert "The correction has been saved." in unprinted
    assert "stays valid" not in unprinted
    assert "The badge already printed stays valid." in printed
    assert "The badge already printed is no longer valid." in transferred
    assert "The correction has been saved." in after_transfer
    assert "stays valid" not in after_transfer


def test_badge_printed_with_those_of_the_event_stays_valid_after_a_correction(zoe, desk, client):
    record_printed_badges(digest_badges(zoe.event))
    typed = {"first_name": "Zoë", "last_name": "Lefèvre", "email": zoe.email, "company": "Énergie"}

    page = client.post(f"/en{desk}correct/", typed, follow=True).text

    assert "The badge already printed stays valid." in page


def test_desk_substitutes_attendee_during_event(zoe, desk, client):
    now = timezone.now()
    type(zoe.event).objects.update(
        starts_at=now - datetime.timedelta(hours=2), ends_at=now + datetime.timedelta(hours=8)
    )

    client.post(f"{desk}substitute/", {"first_name": "Léo", "last_name": "Bêta", "email": "leo@example.org"})

    zoe.refresh_from_db()
    assert zoe.name == "Léo Bêta"


def test_badge_reprint_needs_reason_and_gets_new_code(zoe, desk, client):
    secret = make_own_secret(zoe)
    first_code = build_badge_code(zoe)

    pdf = client.post(f"{desk}badge/", {"format": "pdf"})
    asked = client.get(f"{desk}badge/").content.decode()
    refused = client.post(f"{desk}badge/", {"format": "pdf"}).content.decode()
    page = client.post(f"{desk}badge/", {"format": "page", "reason": "lost"}).content.decode()
    zoe.refresh_from_db()

    assert pdf["Content-Type"] == "application/pdf"
    assert "Lefèvre" in pdf_text(pdf.content)
    assert "Déjà imprimé" in asked
    assert "Indiquez pourquoi il en faut un autre" in refused
    assert "<svg" in page
    assert zoe.badge_version == 2
    assert is_own_secret(zoe, secret)
    assert find_guests(event=zoe.event, query=first_code).problem
    assert [(row.badge_version, row.reason) for row in BadgePrint.objects.order_by("pk")] == [
        (1, ""),
        (2, "lost"),
    ]
    assert AuditEntry.objects.get(verb="badge.reissue").reason == "lost"
    client.force_login(make_staff(zoe.event))
    assert (
        "Badge imprimé à l’accueil"
        in client.get(f"/organize/x/registrations/{zoe.reference}/").content.decode()
    )


def test_reprint_sent_twice_creates_one_new_badge_version(zoe, desk, client):
    client.post(f"{desk}badge/", {"format": "pdf"})
    page = client.get(f"{desk}badge/").content.decode()
    typed = {"format": "page", "reason": "lost", "badge_version": "1"}

    client.post(f"{desk}badge/", typed)
    again = client.post(f"{desk}badge/", typed).content.decode()
    without_reason = client.post(f"{desk}badge/", {**typed, "reason": ""}).content.decode()

    assert 'name="badge_version" value="1"' in page
    assert "a été remplacé entre-temps" in again
    assert "obligatoire" not in without_reason
    assert 'name="badge_version" value="2"' in again
    zoe.refresh_from_db()
    assert zoe.badge_version == 2


def test_badge_of_cancelled_registration_cannot_be_printed(zoe, desk, client):
    type(zoe).objects.update(cancelled_at=timezone.now())

    answer = client.post(f"{desk}badge/", {"format": "pdf"})

    assert answer.status_code == 409
    assert not BadgePrint.objects.exists()
    assert client.get("/desk/x/guests/NOBODY/badge/").status_code == 404


def test_desk_staff_reads_attendance_and_conflicts_but_gets_no_exports(zoe, desk, client):
    door = Checkpoint.objects.create(event=zoe.event, name="Entrée")
    overview = client.get("/organize/x/attendance/")

    assert overview.status_code == 200
    assert not re.findall(r'href="/organize/x/attendance\.\w+"', overview.content.decode())
    assert client.get(f"/organize/x/attendance/doors/{door.pk}/").status_code == 200
    assert client.get("/organize/x/attendance/conflicts/").status_code == 200
    assert client.get("/organize/x/attendance.csv").status_code == 403
    assert client.get("/organize/x/checkpoints/").status_code == 403


@pytest.mark.parametrize("page", ["correct", "substitute"])
def test_change_of_a_cancelled_registration_is_refused_in_its_form(zoe, desk, client, page):
    type(zoe).objects.update(cancelled_at=timezone.now())
    typed = {"first_name": "Zoë", "last_name": "Lefèvre", "email": "zoe@example.org", "company": "Énergie"}

    answer = client.post(f"/en{desk}{page}/", typed)

    assert answer.status_code == 200
    assert "no longer active" in answer.text
    assert 'value="Zoë"' in answer.text


def test_page_of_a_guest_says_that_the_ticket_of_an_unverified_order_is_sold_out(zoe, desk, client):
    type(zoe.order).objects.filter(pk=zoe.order_id).update(payment="invoice", needs_verification=True)
    an_hour_ago = timezone.now() - datetime.timedelta(hours=1)
    type(zoe).objects.filter(pk=zoe.pk).update(
        confirmed_at=None, is_reserved=False, hold_expires_at=an_hour_ago
    )
    Ticket.objects.update(capacity=0, reserved=0)

    answer = client.post(f"/en{desk}confirm/", follow=True)

    assert answer.redirect_chain == [(f"/en{desk}", 302)]
    assert "No places are left" in answer.text


def print_badge_and_go_back(client, desk):
    printed = client.post(f"{desk}badge/", {"format": "page", "badge_version": "1"})
    [address] = html.fromstring(printed.content).xpath("//a[@id='back-to-desk']/@href")
    return html.fromstring(client.get(address).content)


def test_desk_shows_the_guest_whose_badge_was_printed_ready_to_be_checked_in(zoe, desk, client):
    page = print_badge_and_go_back(client, desk)

    assert page.xpath("//*[@id='results']//form/@action") == [f"{desk}check-in/"]
    assert page.xpath("//*[@id='q']/@value") == [""]


def test_desk_is_empty_after_the_print_for_a_guest_who_is_inside(zoe, desk, client):
    client.post(f"{desk}check-in/", {"direction": "in"})

    page = print_badge_and_go_back(client, desk)

    assert page.xpath("//*[@id='results']//form") == []
