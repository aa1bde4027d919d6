"""Under embargo, debriefs are for attending visitors who signed; then for their audience. Feedback, notes."""

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
from tests.factories import make_member, make_person, make_secretary, make_staff
from tests.registrations.visits.visit_day import (
    end_visit,
    make_visit,
    make_visitor,
    scan_by_hand,
    sign_latest_text,
)
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
def test_debrief_access_depends_on_reader_and_date(terms, by_signatory, by_member, lessons_shown):
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
def visitors(visit):
    """Return three people: signed and came, came without signing, signed and did not come."""
    came, unsigned, absent = (make_visitor(visit, last_name=name) for name in ("Aube", "Brun", "Clair"))
    sign_latest_text(came)
    sign_latest_text(absent)
    for one in (came, unsigned):
        scan_by_hand(one)
    end_visit(visit)
    return came, unsigned, absent


def save_new_debrief(visit, **fields):
    values = {
        "text": "Le nouveau refroidissement",
        "lessons_learned": "Le froid coûte.",
        "audience": "members",
    }
    return save_debrief(debrief=Debrief(visit=visit, **values | fields), changed=["text", "lessons_learned"])


def get_page_statuses(visit, *people):
    return [
        make_client(person.person).get(f"/visits/{visit.event.slug}/debrief/").status_code
        for person in people
    ]


def test_embargo_admits_only_signatories_who_attended(visit, visitors):
    came, unsigned, absent = visitors
    stranger = make_visitor(make_visit())

    debrief = save_new_debrief(visit)

    assert list_signatories(visit) == [came]

    publish_debrief(debrief=debrief)
    approve_debrief(debrief=debrief)

    assert get_page_statuses(visit, came, unsigned, absent, stranger) == [200, 404, 404, 404]
    assert (
        "refroidissement"
        in make_client(came.person).get(f"/visits/{visit.event.slug}/debrief/").content.decode()
    )
    assert Visit.objects.get(pk=visit.pk).state == Visit.State.DEBRIEFED

    Visit.objects.update(embargo_until=timezone.now())

    assert get_page_statuses(visit, came, unsigned, absent, stranger) == [200, 200, 200, 200]

    Debrief.objects.update(audience="signatories")
    page = make_client(stranger.person).get(f"/visits/{visit.event.slug}/debrief/").content.decode()

    assert "Le froid coûte." in page
    assert "refroidissement" not in page


def test_debrief_is_refused_from_day_after_end_of_seat(visit, visitors):
    came, _unsigned, _absent = visitors
    publish_debrief(debrief=save_new_debrief(visit))

    assert get_page_statuses(visit, came) == [200]

    today = timezone.localdate()
    came.person.seats.update(ends_on=today)

    assert get_page_statuses(visit, came) == [200]

    came.person.seats.update(ends_on=today - datetime.timedelta(days=1))

    assert get_page_statuses(visit, came) == [403]


def test_new_confidentiality_terms_must_be_accepted_again(visit, visitors):
    came, _unsigned, _absent = visitors
    publish_debrief(debrief=save_new_debrief(visit))

    NdaText.objects.create(visit=visit, number=2, text="Rien, vraiment.")

    assert get_page_statuses(visit, came) == [404]

    sign_latest_text(came)

    assert get_page_statuses(visit, came) == [200]


def test_changed_text_resets_host_approval(visit, visitors):
    debrief = save_new_debrief(visit)
    approve_debrief(debrief=debrief)
    debrief = get_debrief(visit)

    save_debrief(debrief=debrief, changed=["audience"])

    assert get_debrief(visit).host_approved_at is not None

    save_debrief(debrief=debrief, changed=["text"])

    assert get_debrief(visit).host_approved_at is None


def test_debrief_is_published_only_after_visit_and_with_text(visit):
    with pytest.raises(NotOpenNow, match="once the visit is over"):
        publish_debrief(debrief=save_new_debrief(visit))

    end_visit(visit)
    Debrief.objects.update(text=" ")

    with pytest.raises(InvalidFields):
        publish_debrief(debrief=get_debrief(visit))

    Debrief.objects.update(text="x")
    publish_debrief(debrief=get_debrief(visit))

    withdraw_debrief(debrief=get_debrief(visit))

    assert Visit.objects.get().debriefed_at is None
    assert get_debrief(visit).published_at is None


def list_audited_verbs():
    """Return the verbs of the audit entries about debriefs and feedback, oldest first."""
    rows = AuditEntry.objects.filter(verb__regex="^(debrief|feedback)").order_by("pk")
    return list(rows.values_list("verb", flat=True))


def test_visitors_add_notes_and_remove_only_their_own(visit, visitors):
    came, unsigned, _absent = visitors
    other = make_visitor(visit, last_name="Dupré")
    sign_latest_text(other)
    scan_by_hand(other)
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
    assert list_audited_verbs() == ["debrief.note", "debrief.note_remove"]
    with pytest.raises(InvalidFields):
        add_note(debrief=get_debrief(visit), application=came, text="x" * 5_001)


def test_secretary_edits_debrief_and_outside_organizer_cannot(visit, visitors):
    outsider = make_client(make_staff(visit.event))

    page = f"/organize/{visit.event.slug}/visit/debrief/"
    assert outsider.get(page).status_code == 403
    assert outsider.post(page, {"text": "x"}).status_code == 403
    assert outsider.get(f"/organize/{visit.event.slug}/visit/feedback/").status_code == 403

    secretary = make_person()
    secretary.club_roles.create(role="secretary", starts_on=timezone.localdate())
    client = make_client(secretary)

    values = {"text": "Vu", "lessons_learned": "Appris", "audience": "members", "visible_from": ""}

    assert client.post(f"{page}decide/", {"action": "publish"}).status_code == 409
    assert client.post(page, values).status_code == 302
    assert client.post(f"{page}decide/", {"action": "burn"}).status_code == 422

    client.post(f"{page}decide/", {"action": "publish"})
    client.post(f"{page}decide/", {"action": "approve"})

    assert list_audited_verbs() == ["debrief.change", "debrief.publish", "debrief.approve"]
    assert "pour les personnes présentes" in client.get(page).content.decode()

    Visit.objects.update(embargo_until=None)

    assert "accessible au public visé" in client.get(page).content.decode()

    learned = make_client(make_member()).get("/visits/learned/").content.decode()

    assert "Appris" in learned
    assert make_client(secretary).get("/visits/learned/").status_code == 403


def test_visitors_give_feedback_and_few_answers_are_not_shown(visit, visitors):
    came, unsigned, absent = visitors

    assert add_default_questions(visit=visit) == 5
    assert add_default_questions(visit=visit) == 0

    rating, *_rest = visit.feedback_questions.all()

    assert rating.text == "La visite a-t-elle été utile à votre travail\u202f?"
    assert rating.text_en == "How useful was the visit for your work?"
    with pytest.raises(NotOpenNow):
        save_feedback(application=absent, answers={rating.pk: 5})

    save_feedback(application=came, answers={rating.pk: 5})

    assert list_audited_verbs() == ["feedback.ask", "feedback.answer"]

    save_feedback(application=unsigned, answers={rating.pk: 2})

    first = list_results(visit)[0]
    assert first.count == 2
    assert not first.is_shown
    assert first.rating_counts == {}
    assert first.average is None

    third = make_visitor(visit)
    scan_by_hand(third)
    save_feedback(application=third, answers={rating.pk: 4})

    save_feedback(application=came, answers={rating.pk: 3})

    first = list_results(visit)[0]
    assert first.count == 3
    assert first.rating_counts == {3: 1, 2: 1, 4: 1}
    assert first.average == 3.0

    save_feedback(application=came, answers={rating.pk: None})

    assert FeedbackAnswer.objects.count() == 2


def test_errors_name_the_question_as_its_heading_does(visit):
    prefix = "feedback_questions"
    fields = {f"{prefix}-TOTAL_FORMS": "2", f"{prefix}-INITIAL_FORMS": "0", f"{prefix}-1-text_en": "Useful?"}
    client = make_client(make_secretary())

    page = client.post(f"/organize/{visit.event.slug}/visit/feedback/questions/", fields).content.decode()

    assert "Question 2 (nouvelle)</legend>" in page
    assert "Question 2, Type de réponse" in page


def test_answer_to_removed_question_is_skipped(visit, visitors):
    came, *_others = visitors
    add_default_questions(visit=visit)
    removed, stays, *_more = visit.feedback_questions.all()
    answers = {removed.pk: 5, stays.pk: 4}
    removed.delete()

    saved_count = save_feedback(application=came, answers=answers)

    assert saved_count == 1
    assert FeedbackAnswer.objects.get().question == stays


def test_feedback_page_saves_and_shows_answers(visit, visitors):
    came, _unsigned, absent = visitors
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


def test_interleaved_edits_change_one_debrief(visit, visitors):
    came, _unsigned, absent = visitors
    early, late = get_debrief(visit), get_debrief(visit)
    add_note(debrief=early, application=came, text="Une")
    add_note(debrief=late, application=absent, text="Deux")
    third = get_debrief(visit)
    Debrief.objects.update(published_at=timezone.now())
    third.text, late.lessons_learned = "Nous avons vu.", "Froid."
    save_debrief(debrief=third, changed=["text"])

    save_debrief(debrief=late, changed=["lessons_learned"])

    kept = Debrief.objects.get()
    assert kept.notes.count() == 2
    assert kept.text == "Nous avons vu."
    assert kept.lessons_learned == "Froid."
    assert kept.published_at is not None


def test_host_approval_is_refused_if_text_changed_since_page_was_loaded(visit, visitors):
    secretary = make_client(make_secretary())
    debrief = save_debrief(
        debrief=Debrief(visit=visit, text="Un.", lessons_learned="Froid."),
        changed=["text", "lessons_learned"],
    )
    page = f"/organize/{visit.event.slug}/visit/debrief/"
    seen = secretary.get(page).context["seen_hash"]
    debrief.text = "Deux."

    save_debrief(debrief=debrief, changed=["text"])  # in another tab

    assert secretary.post(f"{page}decide/", {"action": "approve", "seen_hash": seen}).status_code == 409
    assert get_debrief(visit).host_approved_at is None
    seen = secretary.get(page).context["seen_hash"]
    assert secretary.post(f"{page}decide/", {"action": "approve", "seen_hash": seen}).status_code == 302
    assert get_debrief(visit).host_approved_at is not None
