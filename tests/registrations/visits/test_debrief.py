"""The debrief: under embargo for those who were there and signed, then for its audience; feedback, notes."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from convention.errors import InvalidFields, NotOpenNow
from registrations.visits.debrief.debriefs import (
    add_note,
    approve_debrief,
    get_debrief,
    list_signatories,
    publish_debrief,
    save_debrief,
    withdraw_debrief,
)
from registrations.visits.debrief.feedback import add_default_questions, list_results, save_feedback
from registrations.visits.debrief.rules import (
    DebriefReader,
    DebriefTerms,
    can_read_debrief,
    can_read_lessons,
    is_debrief_open,
)
from registrations.visits.models import Debrief, FeedbackAnswer, NdaText, Visit
from tests.factories import make_member, make_person, make_staff
from tests.registrations.visits.hosts import make_secretary
from tests.registrations.visits.visit_day import end, make_visit, make_visitor, pass_by, sign
from tests.site_objects import make_client

NOW = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)
EARLIER, LATER = NOW - datetime.timedelta(days=1), NOW + datetime.timedelta(days=1)
MEMBER, SIGNATORY = DebriefReader(is_member=True), DebriefReader(is_member=True, is_signatory=True)
FORMER = DebriefReader(is_signatory=True)
DONE = {"published_at": EARLIER, "approved_at": EARLIER, "is_for_members": True}


@pytest.mark.parametrize(
    ("terms", "by_signatory", "by_member", "lessons_shown"),
    [
        ({}, False, False, False),
        ({"approved_at": EARLIER, "is_for_members": True}, False, False, False),
        (DONE, True, True, True),
        (DONE | {"embargo_until": LATER}, True, False, False),
        (DONE | {"embargo_until": NOW}, True, True, True),
        (DONE | {"embargo_until": EARLIER, "visible_from": LATER}, True, False, False),
        (DONE | {"embargo_until": LATER, "visible_from": EARLIER}, True, False, False),
        (DONE | {"approved_at": None}, True, False, False),
        (DONE | {"is_for_members": False}, True, False, True),
    ],
)
def test_who_reads_from_when(terms, by_signatory, by_member, lessons_shown):
    one = DebriefTerms(**terms)
    assert can_read_debrief(one, SIGNATORY, at=NOW) == by_signatory
    assert can_read_debrief(one, MEMBER, at=NOW) == by_member
    assert can_read_lessons(one, MEMBER, at=NOW) == lessons_shown
    assert not can_read_debrief(one, FORMER, at=NOW)
    assert not can_read_lessons(one, FORMER, at=NOW)
    assert is_debrief_open(one, at=NOW) == lessons_shown


@pytest.fixture
def visit(db):
    return make_visit(embargo_until=timezone.now() + datetime.timedelta(days=30))


@pytest.fixture
def there(visit):
    """One who signed and came, one who came without, one who signed and did not come."""
    came, unsigned, absent = (make_visitor(visit, last_name=name) for name in ("Aube", "Brun", "Clair"))
    sign(came)
    sign(absent)
    for one in (came, unsigned):
        pass_by(one)
    end(visit)
    return came, unsigned, absent


def written(visit, **fields):
    values = {
        "text": "Le nouveau refroidissement",
        "lessons_learned": "Le froid coûte.",
        "audience": "members",
    }
    return save_debrief(debrief=Debrief(visit=visit, **values | fields), changed=["text", "lessons_learned"])


def statuses(visit, *people):
    return [
        make_client(person.person).get(f"/visits/{visit.event.slug}/debrief/").status_code
        for person in people
    ]


def test_the_embargo_lets_in_those_who_signed_and_were_there(visit, there):
    came, unsigned, absent = there
    stranger = make_visitor(make_visit())
    debrief = written(visit)
    assert list_signatories(visit) == [came]
    publish_debrief(debrief=debrief)
    approve_debrief(debrief=debrief)
    assert statuses(visit, came, unsigned, absent, stranger) == [200, 404, 404, 404]
    assert (
        "refroidissement"
        in make_client(came.person).get(f"/visits/{visit.event.slug}/debrief/").content.decode()
    )
    assert Visit.objects.get(pk=visit.pk).state == Visit.State.DEBRIEFED
    Visit.objects.update(embargo_until=timezone.now())
    assert statuses(visit, came, unsigned, absent, stranger) == [200, 200, 200, 200]
    Debrief.objects.update(audience="signatories")
    page = make_client(stranger.person).get(f"/visits/{visit.event.slug}/debrief/").content.decode()
    assert "Le froid coûte." in page
    assert "refroidissement" not in page


def test_a_seat_that_ends_closes_the_debrief_the_same_day(visit, there):
    came, _unsigned, _absent = there
    publish_debrief(debrief=written(visit))
    assert statuses(visit, came) == [200]
    today = timezone.localdate()
    came.person.seats.update(ends_on=today - datetime.timedelta(days=1))
    assert statuses(visit, came) == [403]


def test_a_new_text_of_confidentiality_asks_again(visit, there):
    came, _unsigned, _absent = there
    publish_debrief(debrief=written(visit))
    NdaText.objects.create(visit=visit, number=2, text="Rien, vraiment.")
    assert statuses(visit, came) == [404]
    sign(came)
    assert statuses(visit, came) == [200]


def test_the_hosts_approval_is_of_one_text(visit, there):
    debrief = written(visit)
    approve_debrief(debrief=debrief)
    debrief = get_debrief(visit)
    save_debrief(debrief=debrief, changed=["audience"])
    assert get_debrief(visit).host_approved_at is not None
    save_debrief(debrief=debrief, changed=["text"])
    assert get_debrief(visit).host_approved_at is None


def test_nothing_is_published_before_the_end_or_without_a_text(visit):
    with pytest.raises(NotOpenNow, match="once the visit is over"):
        publish_debrief(debrief=written(visit))
    end(visit)
    Debrief.objects.update(text=" ")
    with pytest.raises(InvalidFields):
        publish_debrief(debrief=get_debrief(visit))
    Debrief.objects.update(text="x")
    publish_debrief(debrief=get_debrief(visit))
    withdraw_debrief(debrief=get_debrief(visit))
    assert Visit.objects.get().debriefed_at is None
    assert get_debrief(visit).published_at is None


def trail():
    """The verbs of what was done to debriefs and feedback, in order."""
    rows = AuditEntry.objects.filter(verb__regex="^(debrief|feedback)").order_by("pk")
    return list(rows.values_list("verb", flat=True))


def test_the_group_adds_notes_and_takes_its_own_back(visit, there):
    came, unsigned, _absent = there
    other = make_visitor(visit, last_name="Dupré")
    sign(other)
    pass_by(other)
    page = f"/visits/{visit.event.slug}/debrief/"
    client = make_client(came.person)
    assert client.post(page, {"text": "Ils changent de fournisseur."}).status_code == 302
    assert client.post(page, {"text": "   "}).status_code == 200
    assert make_client(unsigned.person).post(page, {"text": "x"}).status_code == 404
    note = get_debrief(visit).notes.get()
    assert "Ils changent" in make_client(other.person).get(page).content.decode()
    make_client(other.person).post(page, {"remove": note.pk})
    assert get_debrief(visit).notes.count() == 1
    client.post(page, {"remove": note.pk})
    assert get_debrief(visit).notes.count() == 0
    assert trail() == ["debrief.note", "debrief.note_remove"]
    with pytest.raises(InvalidFields):
        add_note(debrief=get_debrief(visit), application=came, text="x" * 5_001)


def test_the_secretary_writes_and_an_outside_organizer_does_not(visit, there):
    outsider = make_client(make_staff(visit.event))
    page = f"/organize/{visit.event.slug}/visit/debrief/"
    assert outsider.get(page).status_code == 403
    assert outsider.post(page, {"text": "x"}).status_code == 403
    assert outsider.get(f"/organize/{visit.event.slug}/visit/feedback/").status_code == 403
    secretary = make_person()
    secretary.club_roles.create(role="secretary", starts_on=timezone.localdate())
    client = make_client(secretary)
    values = {"text": "Vu", "lessons_learned": "Appris", "audience": "members", "visible_from": ""}
    assert client.post(f"{page}act/", {"act": "publish"}).status_code == 409
    assert client.post(page, values).status_code == 302
    assert client.post(f"{page}act/", {"act": "burn"}).status_code == 422
    client.post(f"{page}act/", {"act": "publish"})
    client.post(f"{page}act/", {"act": "approve"})
    assert trail() == ["debrief.change", "debrief.publish", "debrief.approve"]
    assert "pour les personnes présentes" in client.get(page).content.decode()
    Visit.objects.update(embargo_until=None)
    assert "accessible au public visé" in client.get(page).content.decode()
    learned = make_client(make_member()).get("/visits/learned/").content.decode()
    assert "Appris" in learned
    assert make_client(secretary).get("/visits/learned/").status_code == 403


def test_those_who_were_there_answer_and_few_answers_are_not_shown(visit, there):
    came, unsigned, absent = there
    assert add_default_questions(visit=visit) == 5
    assert add_default_questions(visit=visit) == 0
    rating, *_rest = visit.feedback_questions.all()
    assert (rating.text, rating.text_en) == (
        "La visite a-t-elle été utile à votre travail\u202f?",
        "How useful was the visit for your work?",
    )
    with pytest.raises(NotOpenNow):
        save_feedback(application=absent, answers={rating.pk: 5})
    save_feedback(application=came, answers={rating.pk: 5})
    assert trail() == ["feedback.ask", "feedback.answer"]
    save_feedback(application=unsigned, answers={rating.pk: 2})
    first = list_results(visit)[0]
    assert first.count == 2
    assert not first.is_shown
    assert first.rating_counts == {}
    assert first.average is None
    third = make_visitor(visit)
    pass_by(third)
    save_feedback(application=third, answers={rating.pk: 4})
    save_feedback(application=came, answers={rating.pk: 3})
    first = list_results(visit)[0]
    assert (first.count, first.rating_counts, first.average) == (3, {3: 1, 2: 1, 4: 1}, 3.0)
    save_feedback(application=came, answers={rating.pk: None})
    assert FeedbackAnswer.objects.count() == 2


def test_an_answer_to_a_question_that_was_removed_meanwhile_is_left_out(visit, there):
    came, *_others = there
    add_default_questions(visit=visit)
    removed, stays, *_more = visit.feedback_questions.all()
    answers = {removed.pk: 5, stays.pk: 4}
    removed.delete()

    saved_count = save_feedback(application=came, answers=answers)

    assert saved_count == 1
    assert FeedbackAnswer.objects.get().question == stays


def test_the_page_of_the_questions(visit, there):
    came, _unsigned, absent = there
    add_default_questions(visit=visit)
    rating, *_others, text = visit.feedback_questions.all()
    page = f"/visits/{visit.event.slug}/feedback/"
    assert make_client(absent.person).get(page).status_code == 409
    client = make_client(came.person)
    assert client.post(page, {f"q{rating.pk}": "9"}).status_code == 200
    assert not FeedbackAnswer.objects.exists()
    client.post(page, {f"q{rating.pk}": "4", f"q{text.pk}": "Plus de temps"})
    assert sorted(FeedbackAnswer.objects.values_list("rating", "text"), key=str) == [
        (4, ""),
        (None, "Plus de temps"),
    ]
    assert "Plus de temps" in client.get(page).content.decode()
    english = client.get(f"/en{page}").content.decode()
    assert "How useful was the visit for your work?" in english


def test_two_who_write_first_write_into_the_same(visit, there):
    came, _unsigned, absent = there
    early, late = get_debrief(visit), get_debrief(visit)
    add_note(debrief=early, application=came, text="Une")
    add_note(debrief=late, application=absent, text="Deux")
    third = get_debrief(visit)
    Debrief.objects.update(published_at=timezone.now())
    third.text, late.lessons_learned = "Nous avons vu.", "Froid."
    save_debrief(debrief=third, changed=["text"])
    save_debrief(debrief=late, changed=["lessons_learned"])
    kept = Debrief.objects.get()
    assert (kept.notes.count(), kept.text, kept.lessons_learned) == (2, "Nous avons vu.", "Froid.")
    assert kept.published_at is not None


def test_what_the_host_approved_is_what_stood_on_the_page(visit, there):
    secretary = make_client(make_secretary())
    debrief = save_debrief(
        debrief=Debrief(visit=visit, text="Un.", lessons_learned="Froid."),
        changed=["text", "lessons_learned"],
    )
    page = f"/organize/{visit.event.slug}/visit/debrief/"
    seen = secretary.get(page).context["seen_hash"]
    debrief.text = "Deux."
    save_debrief(debrief=debrief, changed=["text"])  # in another tab
    assert secretary.post(f"{page}act/", {"act": "approve", "seen_hash": seen}).status_code == 409
    assert get_debrief(visit).host_approved_at is None
    seen = secretary.get(page).context["seen_hash"]
    assert secretary.post(f"{page}act/", {"act": "approve", "seen_hash": seen}).status_code == 302
    assert get_debrief(visit).host_approved_at is not None
