"""Print the certificates of a whole event or session as a background job."""

from typing import TYPE_CHECKING, BinaryIO, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from convention.errors import NotFound
from convention.jobs.job_queue import JobPage, JobProgress
from schedule.models import Session

from .draw import write_certificates
from .facts import CertificateFacts, load_event_facts, load_session_facts
from .issue import issue_certificates

if TYPE_CHECKING:
    from convention.events.models import Event

# More certificates than this take too long for a request, and are printed by a job.
MAX_IMMEDIATE_CERTIFICATES: Final = 200
JOB_PAGE: Final = JobPage("organize-certificates", gettext_lazy("Certificates"))


def load_printed_facts(event: "Event", session_number: str) -> list[CertificateFacts]:
    """Return the facts of everyone at the session with that number; at the event for "". Raise NotFound."""
    if not session_number:
        return load_event_facts(event)
    rows = Session.objects.filter(event=event).select_related("event", "room")
    session = rows.filter(number=session_number).first() if session_number.isdecimal() else None
    if session is None:
        raise NotFound(_("We could not find this session."))
    return load_session_facts(session)


def print_certificates(progress: JobProgress, file: BinaryIO) -> str:
    """Issue and print the certificates that the job's argument names: a session's number, or the event."""
    job = progress.job
    event = job.required_event
    certificates = issue_certificates(event=event, facts=load_printed_facts(event, job.argument))
    write_certificates(file, event, certificates, report_progress=progress)
    job.file_name = f"certificates-{event.slug}.pdf"
    count = len(certificates)
    return ngettext("%(count)d certificate.", "%(count)d certificates.", count) % {"count": count}
