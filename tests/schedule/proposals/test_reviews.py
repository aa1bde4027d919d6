"""Reviews: scores, conflicts of interest, blind reviews, and the flag “sales talk”."""

import pytest
from django.utils import timezone
from lxml import html

from convention.audit.models import AuditEntry
from convention.club.models import Employment
from convention.errors import Forbidden, InvalidFields
from schedule.models import Review, Score, SessionProposal
from schedule.proposals.overview import load_proposal_rows
from schedule.proposals.reviews import ReviewContent, declare_conflict, resolve_sales_talk, score_proposal
from tests.factories import START_OF_2020, make_company, make_person, make_staff
from tests.schedule.proposals.factories import make_call, make_proposal, make_review
from tests.site_objects import make_client

pytestmark = pytest.mark.django_db


@pytest.fixture
def call():
    return make_call()


def make_reviewer(call, **fields):
    return make_staff(call.event, "reviewer", **fields)


def get_path(proposal):
    return f"/en/review/{proposal.call.event.slug}/{proposal.pk}/"


def make_content(call, *values, **fields):
    keys = [criterion.pk for criterion in call.criteria.all()]
    return ReviewContent(scores=dict(zip(keys, values, strict=True)), **fields)


def load_row(proposal, reader=None):
    return load_proposal_rows(proposal.call, reader=reader or make_person())[0]


def test_reviewer_sees_other_reviews_only_after_scoring(call):
    proposal = make_proposal(call)
    make_review(proposal, make_reviewer(call), 5, 5, comment="Superb.")
    reviewer = make_reviewer(call)
    client = make_client(reviewer)
    first, second = call.criteria.all()
    fields = {
        f"criterion-{first.pk}": "4",
        f"criterion-{second.pk}": "2",
        "comment": "Fine.",
        "action": "score",
    }

    before = client.get(get_path(proposal))
    incomplete = client.post(get_path(proposal), {**fields, f"criterion-{second.pk}": ""})
    client.post(get_path(proposal), fields)
    client.post(get_path(proposal), fields)
    after = client.get(get_path(proposal))

    assert "Superb." not in before.text
    assert "Give a score from 1 to 5." in incomplete.text
    assert "Fine." in incomplete.text
    assert "Superb." in after.text
    assert Review.objects.filter(reviewer=reviewer).count() == 1
    # (5 + (4 · 3 + 2) / 4) / 2
    assert load_row(proposal).score_number == 4.25
    assert "1 proposal is waiting" not in client.get(f"/en/review/{call.event.slug}/").text


def test_abstention_is_not_counted_and_shows_no_other_reviews(call):
    proposal = make_proposal(call)
    make_review(proposal, make_reviewer(call), 2, 2, comment="Weak.")
    client = make_client(make_reviewer(call))

    client.post(get_path(proposal), {"action": "abstain"})

    assert "Weak." not in client.get(get_path(proposal)).text
    row = load_row(proposal)
    assert row.review_count == 1
    assert row.score_number == 2.0
    assert "0 proposals are waiting" in client.get(f"/en/review/{call.event.slug}/").text


@pytest.mark.parametrize("conflict", ["speaker", "employer", "domain", "declared"])
def test_conflict_of_interest_hides_text_and_scores(call, conflict):
    proposal = make_proposal(call, "Secret title")
    make_review(proposal, make_reviewer(call), 5, 5, comment="Superb.")
    emails = {"speaker": "Ana@acme.example", "domain": "boss@acme.example"}
    reviewer = make_reviewer(call, email=emails.get(conflict, "boss@else.example"))
    if conflict == "employer":
        company = make_company(name="Acme")
        Employment.objects.create(person=reviewer, company=company, starts_on=START_OF_2020)
    if conflict == "declared":
        declare_conflict(proposal=proposal, reviewer=reviewer)
    client = make_client(reviewer)

    page = client.get(get_path(proposal))
    queue = client.get(f"/en/review/{call.event.slug}/")

    assert "Conflict of interest" in page.text
    # Compare the text only: a CSRF token may contain any three letters.
    shown = [html.fromstring(answer.text).text_content() for answer in (page, queue)]
    for text in ("Secret title", "Superb.", "Lessons", "Ana", "Acme"):
        assert not any(text in content for content in shown)
    with pytest.raises(Forbidden):
        score_proposal(proposal=proposal, reviewer=reviewer, content=make_content(call, 1, 1))


def test_score_of_reviewer_with_a_conflict_is_not_counted(call):
    proposal = make_proposal(call)
    make_review(
        proposal, make_reviewer(call, email="boss@acme.example"), 1, 1, sales_talk_flagged_at=timezone.now()
    )
    make_review(proposal, make_reviewer(call), 4, 4)

    row = load_row(proposal)

    assert row.review_count == 1
    assert row.score_number == 4.0
    assert not row.has_open_sales_talk


def test_declared_conflict_clears_the_review_and_can_be_retracted(call):
    proposal = make_proposal(call)
    reviewer = make_reviewer(call)
    make_review(proposal, reviewer, 1, 1, comment="Hm.")
    client = make_client(reviewer)

    client.post(get_path(proposal), {"action": "conflict"})
    client.post(get_path(proposal), {"action": "conflict"})
    review = Review.objects.get()
    assert review.scored_at is None
    assert review.comment == ""
    assert review.scores.count() == 0

    client.post(get_path(proposal), {"action": "retract"})

    assert not Review.objects.exists()
    verbs = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["review.declare_conflict", "review.retract_conflict"]


@pytest.mark.once
def test_a_blind_review_hides_the_speakers_until_the_decision():
    call = make_call(is_blind=True)
    proposal = make_proposal(call, customer="Client", is_case_study=True)
    client = make_client(make_reviewer(call))

    blind = client.get(get_path(proposal)).text
    SessionProposal.objects.update(rejected_at=timezone.now())
    decided = client.get(get_path(proposal)).text

    for text in ("Ana", "Acme", "Client"):
        assert text not in blind
        assert text in decided


def test_sales_talk_flag_is_resolved_with_a_reason_and_can_be_raised_again(call):
    proposal, reviewer = make_proposal(call), make_reviewer(call)
    organizer = make_staff(call.event)
    client = make_client(organizer)
    path = f"/en/organize/{call.event.slug}/schedule/proposals/{proposal.pk}/"
    flagged = make_content(call, 2, 2, is_sales_talk=True)
    score_proposal(proposal=proposal, reviewer=reviewer, content=flagged)

    assert "It cannot be accepted until you have answered." in client.get(path).text
    assert "Explain why" in client.post(path, {"reason": " "}).text
    client.post(path, {"reason": "The product name is gone."})
    client.post(path, {"reason": "Twice."})
    # Scoring again with the same flag does not reopen it; a flag by another reviewer does.
    score_proposal(proposal=proposal, reviewer=reviewer, content=flagged)
    assert not load_row(proposal).has_open_sales_talk
    score_proposal(proposal=proposal, reviewer=make_reviewer(call), content=flagged)

    assert load_row(proposal).has_open_sales_talk
    entry = AuditEntry.objects.get(verb="session_proposal.resolve_sales_talk")
    assert entry.actor_id == organizer.pk
    assert entry.reason == "The product name is gone."


def test_resolving_a_sales_talk_flag_requires_a_reason(call):
    with pytest.raises(InvalidFields):
        resolve_sales_talk(proposal=make_proposal(call), reason="", author=make_person())


@pytest.mark.parametrize("values", [(0, 3), (6, 3)])
def test_scores_outside_the_scale_are_refused(call, values):
    with pytest.raises(InvalidFields):
        score_proposal(
            proposal=make_proposal(call), reviewer=make_reviewer(call), content=make_content(call, *values)
        )


@pytest.mark.once
def test_an_organizer_with_a_conflict_sees_no_scores(call):
    proposal = make_proposal(call)
    make_review(proposal, make_reviewer(call), 5, 5, comment="Superb.")
    organizer = make_staff(call.event, email="boss@acme.example")
    client = make_client(organizer)
    path = f"/en/organize/{call.event.slug}/schedule/proposals/"

    assert "Superb." not in client.get(f"{path}{proposal.pk}/").text
    assert "conflict of interest" in client.get(path).text
    for band in ("good", "fair", "low", "none"):
        assert f"{path}{proposal.pk}/" not in client.get(path, {"score": band}).text
    better = make_proposal(call, "The better one")
    make_review(better, make_reviewer(call, email="other@else.example"), 5, 5)
    Score.objects.filter(review__proposal=proposal).update(value=1)
    page = client.get(path, {"order": "score"}).text
    assert page.index("Our cloud") < page.index("The better one")


@pytest.mark.once
def test_reviewer_can_open_review_pages_but_not_organizer_pages(call):
    make_proposal(call)
    client = make_client(make_reviewer(call))

    page = client.get("/en/review/")

    assert f"/en/review/{call.event.slug}/" in page.text
    assert client.get(f"/en/organize/{call.event.slug}/schedule/").status_code == 403
    assert client.get(f"/en/organize/{call.event.slug}/schedule/proposals/").status_code == 403
