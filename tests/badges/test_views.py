"""Test badge pages for organizers, for attendees and for codes read by an ordinary camera."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from badges.codes import build_badge_code
from badges.printing.print_job import MAX_IMMEDIATE_BADGES
from convention.audit.models import AuditEntry
from convention.jobs.models import Job
from tests.badges.mailings.factories import add_people
from tests.factories import make_event, make_order, make_person, make_registration, make_ticket
from tests.pdf_readers import decode_qr, pdf_sizes

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def organizer(client):
    person = make_person(is_superuser=True)
    client.force_login(person)
    return client


def test_page_counts_badges_and_lists_problems(organizer):
    ticket = make_ticket()
    make_registration(ticket, first_name="Zoé 🎉")
    make_registration(ticket, confirmed_at=None)

    response = organizer.get(f"/organize/{ticket.event.slug}/badges/")

    assert response.context["count"] == 1
    assert [problem.holder.first_name for problem in response.context["problems"]] == ["Zoé 🎉"]


def test_unassigned_place_is_not_counted_and_is_reported(organizer):
    unnamed = make_registration(first_name="", last_name="")
    badges, listed = (
        f"/organize/{unnamed.event.slug}/badges/",
        f"/organize/{unnamed.event.slug}/registrations/",
    )

    alone = organizer.get(badges)
    refused = organizer.post(f"{badges}a6/print/")
    make_registration(unnamed.ticket)
    beside = organizer.get(badges)
    page = organizer.get(listed)

    assert alone.context["count"] == 0
    assert refused.status_code == 409
    assert beside.context["count"] == 1
    assert unnamed.reference in beside.text
    assert "Nom à préciser</a>" in page.text


def test_badges_with_same_name_and_company_are_reported(organizer):
    ticket = make_ticket()
    make_registration(ticket, first_name="Zoé", last_name="Müller", company="Acme")
    make_registration(ticket, first_name="ZOE", last_name="Muller", company="ACME")
    response = organizer.get(f"/en/organize/{ticket.event.slug}/badges/")

    sentences = [problem.sentence for problem in response.context["problems"]]

    assert sentences == ["another badge has the same name and company"]


def test_same_name_without_company_is_a_badge_problem(organizer):
    ticket = make_ticket()
    for _ in range(2):
        make_registration(ticket, first_name="Zoé", last_name="Müller", company="")
    response = organizer.get(f"/en/organize/{ticket.event.slug}/badges/")

    sentences = [problem.sentence for problem in response.context["problems"]]

    assert sentences == ["another badge without a company has the same name"]


def test_query_count_of_page_does_not_grow(organizer):
    ticket = make_ticket()
    address = f"/organize/{ticket.event.slug}/badges/"
    counts = []

    for more in (1, 8):
        for _ in range(more):
            make_registration(ticket)
        with CaptureQueriesContext(connection) as queries:
            organizer.get(address)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_badges_are_downloaded_in_each_layout_and_audited(organizer):
    registration = make_registration()
    for layout, pages in (("a6", [(105, 148)]), ("a4x4", [(210, 297)]), ("folded", [(210, 148)])):
        response = organizer.post(f"/organize/{registration.event.slug}/badges/{layout}/print/")
        content = b"".join(response.streaming_content)
        assert [tuple(map(round, size)) for size in pdf_sizes(content)] == pages
        assert set(decode_qr(content)) == {build_badge_code(registration)}

    traces = AuditEntry.objects.filter(verb="badges.print", event=registration.event.slug)
    assert sorted(trace.fields[0] for trace in traces) == ["a4x4", "a6", "folded"]


def test_unknown_layout_is_refused_with_known_layouts(organizer):
    registration = make_registration()
    response = organizer.post(f"/en/organize/{registration.event.slug}/badges/a5/print/")

    assert response.status_code == 422
    assert "a4x4" in response.content.decode()


def test_preview_is_svg_even_without_registrations(organizer):
    ticket = make_ticket()
    empty = organizer.get(reverse("organize-badges-preview", args=[ticket.event.slug]))
    make_registration(ticket, first_name="Zoé")

    full = organizer.get(reverse("organize-badges-preview", args=[ticket.event.slug]))

    assert empty["Content-Type"] == full["Content-Type"] == "image/svg+xml"
    assert "<title>Badge : Zoé Müller</title>" in full.content.decode()


@pytest.mark.parametrize("page", ["", "preview.svg"])
def test_pages_require_sign_in_and_role(client, page):
    address = f"/organize/{make_event().slug}/badges/{page}"
    anonymous = client.get(address).status_code

    client.force_login(make_person())

    assert anonymous == 302
    assert client.get(address).status_code == 403


def test_all_badges_of_an_order_are_in_one_file(client):
    ticket = make_ticket()
    order = make_order(ticket.event)
    people = [make_registration(ticket, order=order, last_name=name) for name in ("Alpha", "Beta")]
    make_registration(ticket, order=order, first_name="", last_name="")
    make_registration(ticket)

    page = client.get(f"/en{order.manage_path}")
    pdf = client.get(f"/orders/{order.reference}/{order.manage_secret}/badges.pdf")

    assert "All badges (PDF)" in page.text
    assert decode_qr(pdf.content) == [build_badge_code(person) for person in people]


def test_order_with_one_badge_offers_no_file_of_all(client):
    order = make_registration().order

    page = client.get(f"/en{order.manage_path}")

    assert "All badges (PDF)" not in page.text


def test_badge_that_only_its_member_manages_is_not_in_the_file_of_all(client):
    ticket = make_ticket()
    order = make_order(ticket.event)
    shown = make_registration(ticket, order=order)
    make_registration(ticket, order=order, is_private=True)

    pdf = client.get(f"/orders/{order.reference}/{order.manage_secret}/badges.pdf")

    assert decode_qr(pdf.content) == [build_badge_code(shown)]


def test_file_of_all_badges_needs_the_link_of_the_order(client):
    order = make_registration().order

    assert client.get(f"/orders/{order.reference}/wrong/badges.pdf").status_code == 404


def test_badge_is_downloaded_only_through_link_of_its_order(client):
    ticket = make_ticket()
    order = make_order(ticket.event)
    registration = make_registration(ticket, order=order)

    other = make_registration(ticket)

    base = f"/orders/{order.reference}/{order.manage_secret}"
    assert decode_qr(client.get(f"{base}/{registration.reference}/badge.pdf").content) == [
        build_badge_code(registration)
    ]
    assert client.get(f"{base}/{registration.reference}/badge.svg")["Content-Type"] == "image/svg+xml"
    assert client.get(f"{base}/{other.reference}/badge.pdf").status_code == 404
    assert (
        client.get(f"/orders/{order.reference}/wrong/{registration.reference}/badge.pdf").status_code == 404
    )


def test_public_code_page_shows_event_but_no_attendee(client):
    registration = make_registration(first_name="Xanthippe", last_name="Quatremère")
    path = "/B/" + build_badge_code(registration).rpartition("/B/")[2]
    valid = client.get(path).content.decode()
    registration.cancelled_at = registration.created_at
    registration.save()

    assert client.get(path).content.decode() == valid
    assert registration.event.name in valid
    assert "Xanthippe" not in valid
    assert "Quatremère" not in valid


def test_forged_or_invalid_code_shows_page_without_event(client):
    registration = make_registration()
    token = build_badge_code(registration).rpartition("/B/")[2]
    forged = token[:20] + ("A" if token[20] != "A" else "B") + token[21:]

    pages = {client.get(f"/B/{text}").content.decode().replace(text, "") for text in (forged, "NONSENSE")}

    assert len(pages) == 1
    assert registration.event.name not in pages.pop()


def test_too_many_badges_for_a_download_are_printed_by_a_job(organizer):
    ticket = make_ticket()
    add_people(ticket.event, MAX_IMMEDIATE_BADGES + 1)

    response = organizer.post(f"/organize/{ticket.event.slug}/badges/a6/print/")

    assert response["Location"] == f"/organize/{ticket.event.slug}/jobs/{Job.objects.get().pk}/"
    assert AuditEntry.objects.filter(verb="badges.print").count() == 0
