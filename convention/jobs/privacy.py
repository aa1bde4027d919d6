"""What jobs hold of people, for the privacy desk."""

from django.utils.translation import gettext_lazy as _

from convention.personal import Holding

from .models import Job

HOLDINGS = [
    Holding(
        model=Job,
        why=_("long work that you asked for"),
        did=("asked_by",),
        tells=("id", "event", "kind", "title", "created_at"),
        because=_("jobs go by themselves a week after they ended"),
    ),
]
FREE_TEXT = {Job: ("title", "given", "outcome", "errors", "file_name")}
