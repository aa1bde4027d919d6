"""Old proposals are deleted, by an organizer or after 30 days."""

import datetime

import pytest
from django.utils import timezone

from convention.audit.models import AuditEntry
from schedule.drafts.current_draft import get_current_draft
from schedule.models import PlanRun, ScheduleDraft
from schedule.plan_runs.runs import PlanRunOpen, delete_old_plan_runs, delete_plan_run
from tests.factories import make_administrator, make_event, make_plan_run, make_session

pytestmark = pytest.mark.django_db


def make_plan_run_of_age(days: int) -> PlanRun:
    event = make_event(slug=f"event-{days}")
    make_session(event)
    plan_run = make_plan_run(event)
    plan_run.created_at = timezone.now() - datetime.timedelta(days=days)
    plan_run.save()
    return plan_run


def test_deleting_a_plan_run_deletes_its_draft_but_not_the_current_draft():
    event = make_event()
    make_session(event)
    plan_run = make_plan_run(event)
    draft = get_current_draft(event)

    delete_plan_run(plan_run=plan_run)

    assert not PlanRun.objects.exists()
    assert list(ScheduleDraft.objects.all()) == [draft]
    assert draft.slots.count() == 1
    assert AuditEntry.objects.get(verb="schedule.delete_plan").event == event.slug


def test_running_plan_run_cannot_be_deleted():
    plan_run = make_plan_run(make_event())
    plan_run.state = PlanRun.State.RUNNING
    plan_run.save()

    with pytest.raises(PlanRunOpen):
        delete_plan_run(plan_run=plan_run)

    assert PlanRun.objects.exists()


def test_refused_delete_and_adopt_return_to_the_plan_page(client):
    event = make_event(slug="conf")
    plan_run = make_plan_run(event)
    PlanRun.objects.update(state=PlanRun.State.RUNNING, proposal=None)
    client.force_login(make_administrator())
    page = f"/en/organize/conf/schedule/plan/{plan_run.pk}/"

    deleted = client.post(f"{page}delete/", follow=True)
    adopted = client.post(f"{page}adopt/", follow=True)

    assert "Stop it first, then delete the proposal." in deleted.text
    assert adopted.redirect_chain == [(page, 302)]
    assert "This run has no proposal." in adopted.text


def test_plan_runs_are_deleted_after_30_days():
    young, old = make_plan_run_of_age(29), make_plan_run_of_age(31)

    delete_old_plan_runs()

    assert list(PlanRun.objects.all()) == [young]
    assert not ScheduleDraft.objects.filter(pk=old.proposal_id).exists()
    assert ScheduleDraft.objects.filter(event=old.event, is_current=True).exists()


def test_an_organizer_deletes_a_proposal_on_its_page(client):
    event = make_event(slug="conf")
    plan_run = make_plan_run(event)
    client.force_login(make_administrator())
    page = f"/en/organize/conf/schedule/plan/{plan_run.pk}/"

    shown = client.get(page)
    response = client.post(f"{page}delete/", follow=True)

    assert f"{page}delete/" in shown.text
    assert response.redirect_chain == [("/en/organize/conf/schedule/plan/", 302)]
    assert not PlanRun.objects.exists()
