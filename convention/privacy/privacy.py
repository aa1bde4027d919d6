"""What the privacy desk itself holds of people."""

from django.utils.translation import gettext_lazy as _
from django_tasks_db.models import DBTaskResult

from convention.personal import Holding, Rule

from .consent import own_agreements
from .models import Case, Consent
from .retention import old_cases

HOLDINGS = [
    Holding(
        model=Case,
        why=_("what you asked the privacy desk, and what it answered"),
        people=("person",),
        addresses=("email",),
        did=("opened_by", "answered_by"),
        tells=("id", "kind", "asked_at", "answered_at", "answer", "reason"),
        empties=("email",),
        because=_("that a request was answered is shown to the authority; no name is left"),
        leads=False,
    ),
    Holding(
        model=Consent,
        why=_("what you agreed to, by version"),
        people=("person",),
        because=_("that somebody had agreed is shown to the authority; no name is left"),
    ),
]
AGREEMENTS = [own_agreements]
RETENTION = [
    Rule(
        slug="privacy-cases",
        name=_("Requests to the privacy desk"),
        since=_("after the answer"),
        days=5 * 365,
        least=365,
        sweep=old_cases,
    ),
]
FREE_TEXT = {
    Case: ("reason",),
    DBTaskResult: ("args_kwargs", "return_value", "traceback"),
}
