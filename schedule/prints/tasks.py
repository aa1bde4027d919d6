"""The background task that makes printed files."""

from django.tasks import task
from django.utils.module_loading import import_string

from convention.tasks.queue_names import DOCUMENT_QUEUE
from schedule.models import AgendaPrint


@task(queue_name=DOCUMENT_QUEUE)
def make_agenda_print(print_id: int) -> None:
    """Make a requested file, unless it is made already: the queue may deliver twice."""
    row = AgendaPrint.objects.select_related("event").filter(pk=print_id, finished_at=None).first()
    if row:
        # Imported by path, since requests.py imports this module.
        import_string("schedule.prints.requests.make_print")(row)
