"""Company area: access, seats, places, substitution and details entered by colleagues."""

import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from badges.codes import build_badge_code
from convention.audit.models import AuditEntry
from convention.club.appointments.contacts import dismiss_contact
from convention.club.models import CompanyContact, Employment, Membership, Person
from convention.club.permissions import get_member_company
from convention.settings import TASK_BACKENDS
from registrations.changes.correct import Correction, correct_as_organizer
from registrations.changes.resend import reissue_badge
from registrations.company.attention import list_attention_items
from registrations.company.invitations import is_reminder_due, send_due_reminders
from registrations.company.models import Invitation
from registrations.company.open_payments import OpenPayments
from registrations.company.overview import load_company_overview
from registrations.models import Registration
from registrations.permissions import make_own_secret
from registrations.pricing.passes import get_pass_quota
from registrations.visits.lifecycle.steps import close_applications
from tests.factories import (
    START_OF_2020,
    make_company,
    make_contact,
    make_event,
    make_member,
    make_person,
    make_question,
    make_registration,
)
from tests.registrations.company.factories import make_desk, make_row, order_rows
from tests.registrations.visits.factories import make_visit

pytestmark = [pytest.mark.django_db, pytest.mark.once]
NOW = datetime.datetime(2027, 5, 3, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)


def list_page_paths(desk):
    one = Registration.objects.filter(order__for_company__company=desk.company).first()
    return [
        f"{desk.at}/", f"{desk.at}/seats/", f"{desk.at}/registrations/", f"{desk.at}/orders/", desk.many,
        f"{desk.many}check/", f"{desk.at}/registrations/{one.reference}/",
        f"{desk.at}/registrations/{one.reference}/cancel/",
        f"{desk.at}/registrations/{one.reference}/correct/",
    ]  # fmt: skip


def test_contact_of_another_company_has_no_access():
    desk, other = make_desk(), make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    assert {desk.client.get(page).status_code for page in list_page_paths(desk)} == {200}
    assert {other.client.get(page).status_code for page in list_page_paths(desk)} == {404}
    assert {Client().get(page).status_code for page in list_page_paths(desk)} == {302}
    one = Registration.objects.get()
    for page in (f"registrations/{one.reference}/", f"registrations/{one.reference}/cancel/"):
        assert other.client.post(f"{other.at}/{page}").status_code == 404
    seat, job = desk.colleague.seats.get(), desk.without_seat.employments.get()
    for page in (f"seats/take/{seat.pk}/", f"seats/give/{job.pk}/"):
        assert other.client.post(f"{other.at}/{page}").status_code == 404
    for company in (desk, other):
        seen = [company.client.get(f"{other.at}/{page}").content.decode() for page in ("", "seats/")]
        assert [page for page in seen if desk.colleague.email in page] == []


def test_contact_loses_access_on_day_role_ends():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    assert "Mon entreprise" in desk.client.get("/").content.decode()
    dismiss_contact(contact=CompanyContact.objects.get())
    assert {desk.client.get(page).status_code for page in list_page_paths(desk)} == {404}
    assert desk.client.get("/company/").status_code == 403
    assert "Mon entreprise" not in desk.client.get("/").content.decode()


def test_single_company_opens_directly_and_several_are_offered():
    desk = make_desk()
    assert desk.client.get("/company/")["Location"] == f"{desk.at}/"
    CompanyContact.objects.create(company=make_company(name="Zzz"), person=desk.contact)
    assert desk.client.get("/company/").context["companies"][0] == desk.company


def test_seats_are_given_and_taken_within_membership():
    desk = make_desk()
    Membership.objects.update(seats=3)
    job = desk.without_seat.employments.get()
    desk.client.post(f"{desk.at}/seats/give/{job.pk}/")
    assert get_member_company(desk.without_seat) == desk.company
    typed = {"first_name": "Eve", "last_name": "Neuve", "email": "Eve@x.example", "title": "DSI"}
    answer = desk.client.post(f"{desk.at}/seats/", typed)
    assert list(answer.context["form"].errors) == ["__all__"]  # all three are given
    assert not Person.objects.filter(email="eve@x.example").exists()
    ended = desk.client.post(f"{desk.at}/seats/take/{desk.without_seat.seats.get().pk}/", follow=True)
    assert f"{desk.without_seat.name} n’a plus de siège." in ended.text
    assert get_member_company(desk.without_seat) is None
    assert desk.client.post(f"{desk.at}/seats/", typed).status_code == 302
    eve = Person.objects.get(email="eve@x.example")
    assert (eve.name, get_member_company(eve), eve.employments.get().title) == (
        "Eve Neuve",
        desk.company,
        "DSI",
    )
    desk.client.post(f"{desk.at}/seats/take/{eve.seats.get().pk}/", {"day": timezone.localdate().isoformat()})
    assert [get_member_company(eve), eve.seats.get().ends_on] == [desk.company, timezone.localdate()]
    answer = desk.client.post(f"{desk.at}/seats/take/{eve.seats.get().pk}/", {"day": "never"}, follow=True)
    assert "Indiquez la date" in answer.content.decode()
    for day, said in (
        ("0001-01-01", "Vérifiez l’année"),
        ("2020-01-01", "Choisissez hier ou une date ultérieure"),
    ):
        for at in (f"seats/take/{eve.seats.get().pk}/", f"seats/give/{job.pk}/"):
            answer = desk.client.post(f"{desk.at}/{at}", {"day": day}, follow=True)
            assert said in answer.content.decode()
    assert [eve.seats.get().ends_on, desk.without_seat.seats.count()] == [timezone.localdate(), 0]


def test_adding_known_address_does_not_reveal_its_owner():
    desk = make_desk()
    stranger = make_member(email="secret@elsewhere.example", first_name="Hidden")
    typed = {"first_name": "Eve", "last_name": "Neuve", "email": stranger.email}
    answer = desk.client.post(f"{desk.at}/seats/", typed, follow=True)
    assert "Eve Neuve" in answer.text
    assert "Hidden" not in answer.text
    assert stranger.seats.count() == 1


def test_registrations_made_by_colleagues_are_listed_without_access():
    desk = make_desk()
    own = make_registration(
        desk.event.tickets.get(slug="member"), person=desk.colleague, member_of=desk.company,
        first_name="Ana", last_name="Seule", email=desk.colleague.email,
    )  # fmt: skip
    make_registration(desk.event.tickets.get(slug="guest"), last_name="Ailleurs", company=desk.company.name)
    page = desk.client.get(f"{desk.at}/registrations/").content.decode()
    assert "Seule" in page
    assert "Ailleurs" not in page
    assert own.reference not in page
    assert desk.client.get(f"{desk.at}/registrations/{own.reference}/").status_code == 404


def test_contact_transfers_place_and_old_badge_is_void(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"), make_row("Silva", desk.colleague.email, "member"))
    one, member = Registration.objects.order_by("pk")
    before, secret = build_badge_code(one), make_own_secret(one)
    at = f"{desk.at}/registrations/{one.reference}/"
    answer = desk.client.post(at, {"first_name": "Léo", "last_name": "Bêta", "email": "leo@"})
    assert list(answer.context["form"].errors) == ["email"]
    desk.client.post(at, {"first_name": "Léo", "last_name": "Bêta", "email": "leo@x.fr"})
    one.refresh_from_db()
    assert (one.name, one.badge_version, one.price) == ("Léo Bêta", 2, 30_000)
    assert build_badge_code(one) != before
    assert Client().get(f"/orders/{one.order.reference}/{secret}/").status_code == 404
    at = f"{desk.at}/registrations/{member.reference}/"
    typed = {"first_name": "Bob", "last_name": "Roi", "email": desk.without_seat.email}
    assert list(desk.client.post(at, typed).context["form"].errors) == ["email"]
    desk.client.post(f"{desk.at}/seats/give/{desk.without_seat.employments.get().pk}/")
    assert desk.client.post(at, typed).status_code == 302
    run_tasks()
    assert {mail.to[0] for mail in mailoutbox} >= {"leo@x.fr", desk.without_seat.email}
    assert Invitation.objects.filter(sent_at__isnull=False, holder_count=2).count() == 2


def test_contact_corrects_a_name_within_the_company_pages():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    one = Registration.objects.get()
    place = f"{desk.at}/registrations/{one.reference}/"
    successor = make_contact(desk.company)
    corrected = {"first_name": one.first_name, "last_name": "Alpha-Roi", "email": one.email, "company": "X"}

    link = f'href="{place}correct/"' in desk.client.get(place).text
    refused = desk.client.post(f"{place}correct/", {**corrected, "email": "z@"})
    answer = desk.client.post(f"{place}correct/", corrected, follow=True)
    desk.client.force_login(successor)
    answer_to_successor = desk.client.get(f"{place}correct/")

    one.refresh_from_db()
    assert link
    assert list(refused.context["form"].errors) == ["email"]
    assert answer.redirect_chain == [(place, 302)]
    assert "Votre correction est enregistrée." in answer.text
    assert (one.last_name, one.badge_version) == ("Alpha-Roi", 1)
    assert answer_to_successor["Location"] == place


def test_colleagues_complete_details_through_mailed_link(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(
        desk, make_row("Alpha", "z@x.fr"), {"email": "leo@x.fr", "ticket": "guest", "is_to_follow": "on"}
    )
    run_tasks()
    _one, unnamed = Registration.objects.order_by("pk")
    [mail] = [mail for mail in mailoutbox if mail.to == ["leo@x.fr"]]
    link = next(line for line in mail.body.splitlines() if "/details/" in line)
    path = link[link.index("/orders/") :]
    guest = Client()
    answer = guest.post(path, {"first_name": "Léo", "last_name": " "})
    assert list(answer.context["form"].errors) == ["last_name"]
    assert guest.post(path, {"first_name": "Léo", "last_name": "Bêta", "no_photo": "on"}).status_code == 302
    unnamed.refresh_from_db()
    assert unnamed.name == "Léo Bêta"
    assert unnamed.no_photo
    assert unnamed.badge_version == 1
    assert Invitation.objects.get(registration=unnamed).completed_at
    sent = len(mailoutbox)
    run_tasks()
    assert [mail.to for mail in mailoutbox[sent:]] == [["leo@x.fr"]]  # and not the buyer
    send_due_reminders()
    assert "complètes" in desk.client.get(f"{desk.at}/registrations/").content.decode()


def test_invitation_reminder_is_sent_once(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    run_tasks()
    Invitation.objects.update(sent_at=timezone.now() - 8 * DAY)
    for _hour in range(2):
        send_due_reminders()
        run_tasks()
    assert len([mail for mail in mailoutbox if mail.to == ["z@x.fr"]]) == 2
    assert len({mail.extra_headers["Message-ID"] for mail in mailoutbox}) == len(mailoutbox)


def test_refused_address_gets_no_reminder(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    run_tasks()
    sent_at = timezone.now() - 8 * DAY
    Invitation.objects.update(sent_at=sent_at, refused_at=timezone.now())
    mailoutbox.clear()

    send_due_reminders()
    run_tasks()

    assert mailoutbox == []


def test_invitation_stays_pending_after_badge_reissue_and_address_correction(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    run_tasks()
    registration = Registration.objects.get()
    Invitation.objects.update(refused_at=timezone.now())
    at = f"{desk.at}/registrations/{registration.reference}/"
    refused = desk.client.get(at).text

    reissue_badge(registration=registration, reason="perdu")
    reissued = desk.client.get(at).text
    correction = Correction(
        first_name=registration.first_name,
        last_name=registration.last_name,
        email="zoe@x.fr",
        company="",
        no_photo=False,
    )
    correct_as_organizer(registration=registration, correction=correction)
    run_tasks()

    assert "e-mail non remis" in refused
    assert "e-mail non remis" in reissued
    assert "e-mail non remis" not in desk.client.get(at).text
    invitation = Invitation.objects.pending(at=timezone.now()).get()
    assert invitation.refused_at is None
    assert invitation.sent_at
    assert "/details/" in next(mail for mail in mailoutbox if mail.to == ["zoe@x.fr"]).body


@pytest.mark.parametrize(
    ("sent", "deadline", "due"),
    [
        (NOW - 8 * DAY, NOW + 30 * DAY, True), (NOW - 6 * DAY, NOW + 30 * DAY, False),
        (NOW - 2 * DAY, NOW + 2 * DAY, True), (NOW - DAY / 2, NOW + 2 * DAY, False),
    ],
)  # fmt: skip
def test_reminder_due_date_depends_on_invitation_and_deadline(sent, deadline, due):
    assert is_reminder_due(sent_at=sent, deadline=deadline, at=NOW) is due


def test_contact_resends_link_and_cancels_place(run_tasks, mailoutbox):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    run_tasks()
    one = Registration.objects.get()
    desk.client.post(f"{desk.at}/registrations/{one.reference}/invite/")
    run_tasks()
    assert len([mail for mail in mailoutbox if mail.to == ["z@x.fr"]]) == 2
    desk.client.post(f"{desk.at}/registrations/{one.reference}/cancel/")
    one.refresh_from_db()
    assert one.state == "cancelled"
    assert not Invitation.objects.pending(at=timezone.now()).exists()


def test_attention_items_are_sorted_by_gravity():
    desk = make_desk()
    Membership.objects.update(seats=4, passes=2, ends_on=timezone.localdate() - DAY)
    Membership.objects.update(grace_until=timezone.localdate() + DAY)
    order_rows(desk, {"ticket": "guest", "is_to_follow": "on"}, make_row("Alpha", "z@x.fr"))
    Invitation.objects.update(refused_at=timezone.now())
    # Passes are not shown where no ticket uses them.
    silent = load_company_overview(desk.company)
    assert [ahead.passes_left for ahead in silent.upcoming_events] == [0]
    desk.event.tickets.filter(slug="member").update(uses_pass=True)
    facts = load_company_overview(desk.company)
    found = [
        (matter.gravity, matter.page_name)
        for matter in list_attention_items(facts, OpenPayments(), at=timezone.now())
    ]
    assert found == [
        (2, "company-home"), (2, "company-registrations"), (1, "company-registrations"),
        (0, "company-seats"), (0, "company-register"),
    ]  # fmt: skip
    home = html.fromstring(desk.client.get(f"{desk.at}/").content)
    [unused] = home.xpath("//ul[@class='attention']/li[contains(., 'forfait') or contains(., 'pass')]")
    assert unused.xpath(".//a/@href") == [desk.many]
    assert [ahead.passes_left for ahead in facts.upcoming_events] == [2]
    row_ = get_pass_quota(facts.membership, desk.event)
    type(row_).objects.update(reserved=2)
    assert [ahead.passes_left for ahead in load_company_overview(desk.company).upcoming_events] == [0]


def test_passes_are_shown_only_where_usable():
    desk = make_desk()
    Membership.objects.update(passes=2)
    tickets = desk.event.tickets.filter(slug="member")
    tickets.update(uses_pass=True)
    usable = desk.client.get(f"{desk.at}/").text
    usable_overview = load_company_overview(desk.company)

    silent = {}
    for name, values in {
        "free": {"price": 0},
        "full": {"price": 10_000, "capacity": 0},
        "over": {"capacity": None, "closes_at": timezone.now() - DAY},
    }.items():
        tickets.update(**values)
        page = desk.client.get(f"{desk.at}/").text
        silent[name] = [words for words in ("pass de l’adhésion", "pass utilisés") if words in page]
        assert load_company_overview(desk.company).events_without_passes == [desk.event]
    tickets.update(closes_at=None)
    Membership.objects.update(ends_on=timezone.localdate() - DAY)
    ended = load_company_overview(desk.company)

    assert "2 pass de l’adhésion" in usable
    assert usable_overview.events_without_passes == []
    assert silent == {"free": [], "full": [], "over": []}
    assert [(row.has_passes, row.passes_left) for row in ended.upcoming_events] == [(False, 0)]


def test_visit_links_to_application_page_until_applications_close():
    desk = make_desk()
    visit = make_visit()
    page = f"/visits/{visit.event.slug}/"
    for address in ("", "registrations/"):
        shown = html.fromstring(desk.client.get(f"{desk.at}/{address}").content)
        links = [link for link in shown.xpath("//main//section//a/@href") if visit.event.slug in link]
        assert [link for link in links if link != f"/events/{visit.event.slug}/"] == [page]
        assert shown.xpath("//main//a/@href").count(f"{desk.many}") == 1
    close_applications(visit=visit)
    assert page not in desk.client.get(f"{desk.at}/").content.decode()


def test_query_count_does_not_grow_with_company_size():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"), make_row("Silva", desk.colleague.email, "member"))

    def counts():
        found = []
        for page in list_page_paths(desk):
            with CaptureQueriesContext(connection) as asked:
                desk.client.get(page)
            found.append(len(asked))
        return found

    counts()
    few = counts()
    for number in range(5):
        make_member(desk.company)
        make_contact(desk.company)
        order_rows(desk, make_row("Bêta", f"b{number}@x.fr"), make_row("Gamma", f"g{number}@x.fr"))
        make_registration(desk.event.tickets.get(slug="member"), member_of=desk.company)
        make_event()
    assert counts() == few


def test_contact_can_neither_read_nor_change_answers_of_colleague(client: Client):
    desk = make_desk()
    make_question(desk.event, "diet", is_required=True)
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    one = Registration.objects.get()
    whole, own = one.order.manage_path, one.order.build_path_with(make_own_secret(one))
    assert "Questions en attente de réponse : Diet" in " ".join(client.get(whole).text.split())
    details = {"first_name": "Zoé", "last_name": "Alpha"}
    assert client.post(f"{own}{one.reference}/details/", details).url == f"{own}{one.reference}/answers/"
    client.post(f"{own}{one.reference}/answers/", {"shown": "diet", "diet": "SECRETNUT"})
    assert "SECRETNUT" in client.get(own).text
    assert "SECRETNUT" not in client.get(whole).text
    assert "SECRETNUT" not in client.get(f"{whole}{one.reference}/answers/").text
    client.post(f"{whole}{one.reference}/answers/", {"shown": "diet", "diet": "other"})
    one.refresh_from_db()
    assert one.answers == {"diet": "SECRETNUT"}


def test_colleagues_are_sorted_in_french_order():
    company = make_company()
    names = ["Zola", "de Gaulle", "Éluard", "Dupont", "Œuvrard", "Oury"]
    for name in names:
        make_member(company, last_name=name)
    without = make_person(last_name="Ábel"), make_person(last_name="adam")
    for person in reversed(without):
        Employment.objects.create(person=person, company=company, starts_on=START_OF_2020)
    facts = load_company_overview(company)
    in_order = ["de Gaulle", "Dupont", "Éluard", "Œuvrard", "Oury", "Zola"]
    assert [seat.person.last_name for seat in facts.seats] == in_order
    assert [job.person.last_name for job in facts.employments_without_seat] == ["Ábel", "adam"]


def test_new_address_entered_by_contact_erases_answers_and_replaces_link(client, mailoutbox, run_tasks):
    desk = make_desk()
    make_question(desk.event, "diet", ["vegan"])
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    one = Registration.objects.get()
    whole, former, badge = (
        one.order.manage_path,
        one.order.build_path_with(make_own_secret(one)),
        build_badge_code(one),
    )
    client.post(f"{former}{one.reference}/answers/", {"shown": "diet", "diet": "vegan"})
    page = f"{whole}{one.reference}/correct/"
    assert "les réponses seront effacées" in client.get(page).text
    run_tasks()
    mailoutbox.clear()
    said = {"first_name": one.first_name, "last_name": one.last_name, "company": one.company}
    client.post(page, {**said, "email": "Z@X.FR"})
    one.refresh_from_db()
    assert (one.answers, one.link_version) == ({"diet": "vegan"}, 0)
    client.post(page, {**said, "email": "mine@x.fr"})
    one.refresh_from_db()
    assert (one.answers, build_badge_code(one)) == ({}, badge)
    run_tasks()
    new = one.order.build_path_with(make_own_secret(one))
    [mail] = [mail for mail in mailoutbox if mail.to == ["mine@x.fr"]]
    assert new in mail.body
    assert [client.get(link).status_code for link in (former, new)] == [404, 200]
    client.post(page, {**said, "email": "z@x.fr"})
    assert client.get(new).status_code == 404  # nor does that link open later answers
    entry = AuditEntry.objects.filter(verb="registration.correct").first()
    assert entry.fields == ["email", "link_version", "answers"]


def test_new_link_goes_to_new_address_when_tasks_run_immediately(client, mailoutbox, settings):
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    one = Registration.objects.get()
    settings.TASKS = {"default": {"BACKEND": TASK_BACKENDS["immediate"]}}
    said = {"first_name": one.first_name, "last_name": one.last_name, "company": one.company}
    client.post(f"{one.order.manage_path}{one.reference}/correct/", {**said, "email": "mine@x.fr"})
    one.refresh_from_db()
    [mail] = [mail for mail in mailoutbox if one.order.build_path_with(make_own_secret(one)) in mail.body]
    assert mail.to == ["mine@x.fr"]


def test_buyer_cannot_read_answers_by_taking_address_of_colleague(client: Client):
    desk = make_desk()
    make_question(desk.event, "diet")
    order_rows(desk, make_row("Alpha", "z@x.fr"), make_row("Contact", desk.contact.email))
    colleague, mine = Registration.objects.order_by("pk")
    colleague.answers = {"diet": "SECRETNUT"}
    colleague.save()
    whole = mine.order.manage_path
    said = {"first_name": mine.first_name, "last_name": mine.last_name, "company": mine.company}
    client.post(f"{whole}{mine.reference}/correct/", {**said, "email": "z@x.fr"})
    mine.refresh_from_db()
    assert (mine.email, mine.order.email) == ("z@x.fr", desk.contact.email)
    assert "SECRETNUT" not in client.get(whole).text


def test_overview_shows_events_with_registrations_and_the_next_ones():
    desk = make_desk()
    order_rows(desk, make_row("Alpha", "z@x.fr"))
    days = [desk.event.starts_at + number * DAY for number in range(1, 6)]
    later = [make_event(starts_at=day, ends_at=day + DAY) for day in days]

    overview = load_company_overview(desk.company)
    home = html.fromstring(desk.client.get(f"{desk.at}/").content)
    registrations = html.fromstring(desk.client.get(f"{desk.at}/registrations/").content)

    assert [row.event for row in overview.first_events] == [desk.event, *later[:2]]
    assert len(home.xpath("//details//li")) == 3
    assert len(registrations.xpath("//main//table")) == 1
