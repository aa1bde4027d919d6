"""Test certificates of attendance: from scans, for attendees and in bulk, with a code anyone can check."""

import datetime
import zoneinfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from badges.attendance.models import Checkpoint
from badges.attendance.scanning.record_scans import record_scan_items
from badges.certificates.draw import draw_certificates
from badges.certificates.facts import load_event_facts
from badges.certificates.models import Certificate, CertifiedStay
from convention.audit.models import AuditEntry
from convention.events.models import Venue
from convention.jobs.models import Job
from registrations.permissions import make_own_secret
from tests.badges.attendance.factories import (
    make_badge_code,
    make_device,
    make_event,
    make_item,
    make_registration,
)
from tests.factories import make_registration as make_registration_in_order
from tests.factories import make_session, make_staff
from tests.pdf_readers import pdf_sizes
from tests.pdf_readers import pdf_text as read_pdf
from tests.task_runner import run_waiting_tasks

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PARIS = zoneinfo.ZoneInfo("Europe/Paris")


def pdf_text(content):
    """Return the text of a PDF with ordinary spaces."""
    return read_pdf(content).replace("\u00a0", " ").replace("\n", " ")


def make_local_time(day, hour, minute=0):
    """Return a time on the event's first (1) or second (2) day, in Paris."""
    return datetime.datetime(2026, 6, 15 + day, hour, minute, tzinfo=PARIS)


@pytest.fixture
def event():
    """A convention of two days that is over, with one session."""
    event = make_event(starts_at=make_local_time(1, 8), ends_at=make_local_time(2, 18))
    session = make_session(event, "Sauvegardes", starts_at=make_local_time(1, 10), minutes=60)
    Checkpoint.objects.create(event=event, session=session, name="Salle A", kind="session")
    return event


def scan(event, registration, at, direction="in", checkpoint="Entrée"):
    device = make_device(event, checkpoint=event.checkpoints.get(name=checkpoint), name="Porte 7")[0]
    item = make_item(
        make_badge_code(registration), at=at.isoformat(), direction=direction, local_verdict="admitted"
    )
    record_scan_items(device=device, items=[item])


def make_scanned_attendee(event, **fields):
    """Create an attendee who was scanned on both days, and in the session."""
    registration = make_registration(event, email="zoe@example.org", **fields)
    scan(event, registration, make_local_time(1, 8, 31))
    scan(event, registration, make_local_time(1, 17, 45), "out")
    scan(event, registration, make_local_time(2, 9, 5))
    scan(event, registration, make_local_time(1, 10, 2), checkpoint="Salle A")
    return registration


def make_path(name, registration, *arguments, query=""):
    link = [registration.order.reference, make_own_secret(registration), registration.reference]
    with translation.override("en"):
        return reverse(name, args=[*link, *arguments]) + query


def test_attendees_download_their_own_certificates_after_event(client, event):
    registration = make_scanned_attendee(event)
    session = event.sessions.get()

    with translation.override("en"):
        order = reverse("order", args=[registration.order.reference, make_own_secret(registration)])
    order_page = client.get(order)
    page = client.get(make_path("order-certificates", registration)).content.decode()
    whole = pdf_text(client.get(make_path("order-certificate", registration)).content)
    of_session = pdf_text(
        client.get(make_path("order-session-certificate", registration, session.guid)).content
    )
    with_scans = client.get(make_path("order-certificate", registration, query="?scans=1")).content

    assert make_path("order-certificates", registration) in order_page.content.decode()
    assert "Sauvegardes" in page
    assert "Zoé Müller" in whole
    assert "on Tuesday 16 June 2026, from 8:31 to 17:45" in whole
    assert "on Wednesday 17 June 2026, arrived at 9:05" in whole
    assert "attended the session" in of_session
    assert "Sauvegardes" in of_session
    assert len(pdf_sizes(with_scans)) == 2
    assert "16 June 2026, 17:45" in pdf_text(with_scans)
    # Downloading again gives the same certificates.
    assert Certificate.objects.count() == 2
    assert Certificate.objects.get(session=None).spaced_code in whole


def test_public_page_shows_certificate_without_other_personal_data(client, event):
    registration = make_scanned_attendee(event)
    client.get(make_path("order-certificate", registration))
    certificate = Certificate.objects.get()
    with translation.override("en"):
        search = reverse("certificate-search")

    found = client.get(search, {"code": certificate.spaced_code.lower()}, follow=True)
    wrong = client.get(search, {"code": "ABCD-ABCD-ABCÉ"})

    page = found.content.decode()
    assert "This certificate is genuine." in page
    assert "Zoé Müller" in page
    assert "from 8:31 to 17:45" in page
    for secret in ("zoe@example.org", registration.reference, registration.order.reference, "Porte 7"):
        assert secret not in page
    assert wrong.status_code == 404
    assert "There is no certificate with this code." in wrong.content.decode()


def test_certificate_is_replaced_after_correction_and_withdrawn_by_organizer(client, event):
    registration = make_scanned_attendee(event)
    client.get(make_path("order-certificate", registration))
    first = Certificate.objects.get()
    registration.first_name = "Zoë"
    registration.save()

    client.get(make_path("order-certificate", registration))
    second = Certificate.objects.valid().get()
    organizer = make_staff(event)
    client.force_login(organizer)
    with translation.override("en"):
        detail = reverse("organize-certificate", args=[event.slug, second.code])
        withdraw = reverse("organize-certificate-withdraw", args=[event.slug, second.code])
        public = [reverse("certificate", args=[each.code]) for each in (first, second)]
    scans_page = client.get(detail).content.decode()
    client.post(withdraw, {"reason": ""})
    assert Certificate.objects.valid().exists()
    client.post(withdraw, {"reason": "Badge prêté"})
    own_page = client.get(make_path("order-certificates", registration)).content.decode()

    assert "Porte 7" in scans_page
    assert "was replaced by a newer one" in client.get(public[0]).content.decode()
    assert "was withdrawn" in client.get(public[1]).content.decode()
    assert AuditEntry.objects.get(verb="certificate.withdraw").reason == "Badge prêté"
    # The same text is not issued again, or the withdrawal would end with the next download.
    assert client.get(make_path("order-certificate", registration)).status_code >= 400
    assert not Certificate.objects.valid().exists()
    assert own_page.count("The organizer has withdrawn this certificate.") == 1
    assert make_path("order-certificate", registration) not in own_page
    assert make_path("order-session-certificate", registration, event.sessions.get().guid) in own_page


def test_page_counts_the_certificates_of_the_event(client, event):
    for name in ("Aube", "Brun"):
        make_scanned_attendee(event, last_name=name)
    make_registration(event, last_name="Absente")
    client.force_login(make_staff(event))
    with translation.override("en"):
        address = reverse("organize-certificates", args=[event.slug])

    page = client.get(address)

    assert page.context["attendee_count"] == len(load_event_facts(event)) == 2
    assert "the whole event (2)" in page.text


def test_organizer_prints_all_certificates_and_many_in_a_job(client, event, monkeypatch):
    for name in ("Aube", "Brun"):
        make_scanned_attendee(event, last_name=name)
    make_registration(event, last_name="Absente")
    client.force_login(make_staff(event))
    with translation.override("fr"):
        address = reverse("organize-certificates-print", args=[event.slug])

    content = client.post(address).content
    again = client.post(address).content
    of_session = client.post(address, {"session": event.sessions.get().number}).content
    monkeypatch.setattr("badges.certificates.organizer_views.MAX_IMMEDIATE_CERTIFICATES", 1)
    client.post(address)
    run_waiting_tasks()

    assert len(pdf_sizes(content)) == 2
    assert "Attestation de présence" in pdf_text(content)
    assert pdf_text(again) == pdf_text(content)
    assert len(pdf_sizes(of_session)) == 2
    assert Certificate.objects.count() == 4
    job = Job.objects.get(kind="certificates")
    assert job.outcome == "2 attestations."
    assert pdf_text(job.file.read()) == pdf_text(content)


def test_certificates_are_listed_by_name(client, event):
    for name in ("Aube", "Brun", "Caron"):
        make_scanned_attendee(event, last_name=name)
    client.force_login(make_staff(event))
    client.post(reverse("organize-certificates-print", args=[event.slug]))

    shown = client.get(reverse("organize-certificates", args=[event.slug])).context["page_obj"]

    assert [certificate.name.split()[-1] for certificate in shown] == ["Aube", "Brun", "Caron"]


def test_certificate_is_refused_without_scan_to_buyer_and_before_event_end(client, event):
    registration = make_scanned_attendee(event)
    absent = make_registration(event)
    buyer = reverse(
        "order-certificates",
        args=[registration.order.reference, registration.order.manage_secret, registration.reference],
    )
    make_registration_in_order(registration.ticket, order=registration.order, email="other@example.org")

    assert client.get(make_path("order-certificate", absent)).status_code == 404
    registration.order.email = "buyer@example.org"
    registration.order.save()
    assert client.get(buyer).status_code == 403
    event.ends_at = timezone.now() + datetime.timedelta(hours=1)
    event.save()
    assert client.get(make_path("order-certificate", registration)).status_code == 409
    assert Certificate.objects.count() == 0


def test_certificate_excludes_scans_before_transfer(event):
    registration = make_scanned_attendee(event)
    registration.transferred_at = make_local_time(2, 8)
    registration.save()

    [facts] = load_event_facts(event)

    assert [stay.arrived_at for stay in facts.stays] == [make_local_time(2, 9, 5)]


def test_long_certificate_lists_fewer_days_to_stay_above_footer(event):
    event.name = "Rencontres des exploitants de centres de données et de réseaux de sauvegarde " * 3
    event.venue = Venue(name="Palais des congrès de la communauté de communes " * 4, city="Rennes")
    registration = make_registration(event)
    days = [CertifiedStay(make_local_time(day, 8), make_local_time(day, 18)).to_json() for day in range(1, 7)]
    usual = Certificate(event=event, registration=registration, name="Zoé Müller", stays=days)
    long = Certificate(
        event=event,
        registration=registration,
        name="Maximiliane-Alexandrine de La Rochefoucauld-Montbéliard " * 3,
        company="Société coopérative d’hébergement et de conseil en infrastructures " * 3,
        stays=days,
    )

    with translation.override("en"):
        first, second = pdf_text(draw_certificates(event, [usual, long])).split("\f")[:2]

    assert "Saturday 20 June" in first
    assert "and until Sunday 21 June 2026: 6 days in all" in first
    assert "Saturday 20 June" not in second
    assert "and until Sunday 21 June 2026: 6 days in all" in second
