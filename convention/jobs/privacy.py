"""Personal data of jobs."""

from django.utils.translation import gettext_lazy as _

from convention.personal_data import PersonalDataSource

from .models import Job

PERSONAL_DATA = [
    PersonalDataSource(
        model=Job,
        purpose=_("long-running tasks you requested"),
        actor_columns=("requested_by",),
        exported_columns=("id", "event", "kind", "title", "created_at"),
        retention_reason=_("jobs are deleted automatically a week after they end"),
    ),
]
FREE_TEXT = {Job: ("title", "title_translations", "payload", "outcome", "errors", "file_name")}
