"""The debrief: under embargo for those who were there and signed, then for its audience; feedback, notes."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import Entry
from convention.errors import Closed, InvalidFields
from registrations.visits.debrief import (
    add_note,
    approve_debrief,
    debrief_of,
    publish_debrief,
    save_debrief,
    signatories,
    withdraw_debrief,
)
from registrations.visits.debrief_rules import Reader, Terms, is_open, may_learn, may_read
from registrations.visits.feedback import answer_feedback, ask_usual, results_of
from registrations.visits.models import Debrief, FeedbackAnswer, NdaText, Visit
from tests.doors import client_of
from tests.factories import make_member, make_person, make_staff

from .days import end, make_visit, make_visitor, pass_by, sign
from .hosted import make_secretary

NOW = datetime.datetime(2027, 3, 1, 12, tzinfo=datetime.UTC)
EARLIER, LATER = NOW - datetime.timedelta(days=1), NOW + datetime.timedelta(days=1)
MEMBER, SIGNATORY = Reader(is_member=True), Reader(is_member=True, is_signatory=True)
FORMER = Reader(is_signatory=True)
DONE = {"published_at": EARLIER, "approved_at": EARLIER, "is_for_members": True}


@pytest.mark.parametrize(
    ("terms", "by_signatory", "by_member", "learned"),
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
def test_who_reads_from_when(terms, by_signatory, by_member, learned):
    one = Terms(**terms)
    assert may_read(one, SIGNATORY, at=NOW) == by_signatory
    assert may_read(one, MEMBER, at=NOW) == by_member
    assert may_learn(one, MEMBER, at=NOW) == learned
    assert not may_read(one, FORMER, at=NOW)
    assert not may_learn(one, FORMER, at=NOW)
    assert is_open(one, at=NOW) == learned


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
    values = {"text": "Le nouveau refroidissement", "learned": "Le froid coûte.", "audience": "members"}
    return save_debrief(debrief=Debrief(visit=visit, **values | fields), changed=["text", "learned"])


def statuses(visit, *people):
    return [client_of(one.person).get(f"/visits/{visit.event.slug}/debrief/").status_code for one in people]


def test_the_embargo_lets_in_those_who_signed_and_were_there(visit, there):
    came, unsigned, absent = there
    stranger = make_visitor(make_visit())
    debrief = written(visit)
    assert signatories(visit) == [came]
    publish_debrief(debrief=debrief)
    approve_debrief(debrief=debrief)
    assert statuses(visit, came, unsigned, absent, stranger) == [200, 404, 404, 404]
    assert (
        "refroidissement"
        in client_of(came.person).get(f"/visits/{visit.event.slug}/debrief/").content.decode()
    )
    assert Visit.objects.get(pk=visit.pk).state == Visit.State.DEBRIEFED
    Visit.objects.update(embargo_until=timezone.now())
    assert statuses(visit, came, unsigned, absent, stranger) == [200, 200, 200, 200]
    Debrief.objects.update(audience="signatories")
    page = client_of(stranger.person).get(f"/visits/{visit.event.slug}/debrief/").content.decode()
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
    debrief = debrief_of(visit)
    save_debrief(debrief=debrief, changed=["audience"])
    assert debrief_of(visit).vendor_approved_at is not None
    save_debrief(debrief=debrief, changed=["text"])
    assert debrief_of(visit).vendor_approved_at is None


def test_nothing_is_published_before_the_end_or_without_a_text(visit):
    with pytest.raises(Closed, match="once the visit is over"):
        publish_debrief(debrief=written(visit))
    end(visit)
    Debrief.objects.update(text=" ")
    with pytest.raises(InvalidFields):
        publish_debrief(debrief=debrief_of(visit))
    Debrief.objects.update(text="x")
    publish_debrief(debrief=debrief_of(visit))
    withdraw_debrief(debrief=debrief_of(visit))
    assert Visit.objects.get().debriefed_at is None
    assert debrief_of(visit).published_at is None


def trail():
    """The verbs of what was done to debriefs and feedback, in order."""
    rows = Entry.objects.filter(verb__regex="^(debrief|feedback)").order_by("pk")
    return list(rows.values_list("verb", flat=True))


def test_the_group_adds_notes_and_takes_its_own_back(visit, there):
    came, unsigned, _absent = there
    other = make_visitor(visit, last_name="Dupré")
    sign(other)
    pass_by(other)
    page = f"/visits/{visit.event.slug}/debrief/"
    client = client_of(came.person)
    assert client.post(page, {"text": "Ils changent de fournisseur."}).status_code == 302
    assert client.post(page, {"text": "   "}).status_code == 200
    assert client_of(unsigned.person).post(page, {"text": "x"}).status_code == 404
    note = debrief_of(visit).notes.get()
    assert "Ils changent" in client_of(other.person).get(page).content.decode()
    client_of(other.person).post(page, {"remove": note.pk})
    assert debrief_of(visit).notes.count() == 1
    client.post(page, {"remove": note.pk})
    assert debrief_of(visit).notes.count() == 0
    assert trail() == ["debrief.note", "debrief.note_remove"]
    with pytest.raises(InvalidFields):
        add_note(debrief=debrief_of(visit), application=came, text="x" * 5_001)


def test_the_secretary_writes_and_an_outside_organizer_does_not(visit, there):
    outsider = client_of(make_staff(visit.event))
    page = f"/organize/{visit.event.slug}/visit/debrief/"
    assert outsider.get(page).status_code == 403
    assert outsider.post(page, {"text": "x"}).status_code == 403
    assert outsider.get(f"/organize/{visit.event.slug}/visit/feedback/").status_code == 403
    secretary = make_person()
    secretary.club_roles.create(role="secretary", starts_on=timezone.localdate())
    client = client_of(secretary)
    values = {"text": "Vu", "learned": "Appris", "audience": "members", "visible_from": ""}
    assert client.post(f"{page}act/", {"act": "publish"}).status_code == 409
    assert client.post(page, values).status_code == 302
    assert client.post(f"{page}act/", {"act": "burn"}).status_code == 422
    client.post(f"{page}act/", {"act": "publish"})
    client.post(f"{page}act/", {"act": "approve"})
    assert trail() == ["debrief.change", "debrief.publish", "debrief.approve"]
    assert "pour les présents" in client.get(page).content.decode()
    Visit.objects.update(embargo_until=None)
    assert "ouvert à son public" in client.get(page).content.decode()
    learned = client_of(make_member()).get("/visits/learned/").content.decode()
    assert "Appris" in learned
    assert client_of(secretary).get("/visits/learned/").status_code == 403


def test_those_who_were_there_answer_and_few_answers_are_not_shown(visit, there):
    came, unsigned, absent = there
    assert ask_usual(visit=visit) == 5
    assert ask_usual(visit=visit) == 0
    rating, *_rest = visit.feedback_questions.all()
    assert (rating.text, rating.text_en) == (
        "La visite a-t-elle été utile à votre travail\u202f?",
        "How useful was the visit for your work?",
    )
    with pytest.raises(Closed):
        answer_feedback(application=absent, answers={rating.pk: 5})
    answer_feedback(application=came, answers={rating.pk: 5})
    assert trail() == ["feedback.ask", "feedback.answer"]
    answer_feedback(application=unsigned, answers={rating.pk: 2})
    first = results_of(visit)[0]
    assert (first.count, first.is_shown, first.marks, first.average) == (2, False, {}, None)
    third = make_visitor(visit)
    pass_by(third)
    answer_feedback(application=third, answers={rating.pk: 4})
    answer_feedback(application=came, answers={rating.pk: 3})
    first = results_of(visit)[0]
    assert (first.count, first.marks, first.average) == (3, {3: 1, 2: 1, 4: 1}, 3.0)
    answer_feedback(application=came, answers={rating.pk: None})
    assert FeedbackAnswer.objects.count() == 2


def test_the_page_of_the_questions(visit, there):
    came, _unsigned, absent = there
    ask_usual(visit=visit)
    rating, *_others, text = visit.feedback_questions.all()
    page = f"/visits/{visit.event.slug}/feedback/"
    assert client_of(absent.person).get(page).status_code == 409
    client = client_of(came.person)
    assert client.post(page, {f"q{rating.pk}": "9"}).status_code == 200
    assert not FeedbackAnswer.objects.exists()
    client.post(page, {f"q{rating.pk}": "4", f"q{text.pk}": "Plus de temps"})
    assert sorted(FeedbackAnswer.objects.values_list("mark", "text"), key=str) == [
        (4, ""),
        (None, "Plus de temps"),
    ]
    assert "Plus de temps" in client.get(page).content.decode()
    english = client.get(f"/en{page}").content.decode()
    assert "How useful was the visit for your work?" in english


def test_two_who_write_first_write_into_the_same(visit, there):
    came, _unsigned, absent = there
    early, late = debrief_of(visit), debrief_of(visit)
    add_note(debrief=early, application=came, text="Une")
    add_note(debrief=late, application=absent, text="Deux")
    third = debrief_of(visit)
    Debrief.objects.update(published_at=timezone.now())
    third.text, late.learned = "Nous avons vu.", "Froid."
    save_debrief(debrief=third, changed=["text"])
    save_debrief(debrief=late, changed=["learned"])
    kept = Debrief.objects.get()
    assert (kept.notes.count(), kept.text, kept.learned) == (2, "Nous avons vu.", "Froid.")
    assert kept.published_at is not None


def test_what_the_host_approved_is_what_stood_on_the_page(visit, there):
    secretary = client_of(make_secretary())
    debrief = save_debrief(
        debrief=Debrief(visit=visit, text="Un.", learned="Froid."), changed=["text", "learned"]
    )
    page = f"/organize/{visit.event.slug}/visit/debrief/"
    seen = secretary.get(page).context["seen"]
    debrief.text = "Deux."
    save_debrief(debrief=debrief, changed=["text"])  # in another tab
    assert secretary.post(f"{page}act/", {"act": "approve", "seen": seen}).status_code == 409
    assert debrief_of(visit).vendor_approved_at is None
    seen = secretary.get(page).context["seen"]
    assert secretary.post(f"{page}act/", {"act": "approve", "seen": seen}).status_code == 302
    assert debrief_of(visit).vendor_approved_at is not None
