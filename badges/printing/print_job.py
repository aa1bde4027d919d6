"""Print all badges of an event as a background job, where they are too many for one request."""

import json
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from badges.codes import BadgeHolder
from convention.jobs.job_queue import JobPage, JobProgress
from registrations.models import Registration

from .layouts import SignedBadge
from .pdf import BadgePrintOptions, print_event_badges

# More badges than this take too long for a request, and are printed by a job.
MAX_IMMEDIATE_BADGES: Final = 500
JOB_PAGE: Final = JobPage("organize-badges", _("Badges"))
LAYOUT_TITLES: Final = {
    "a4x4": _("four per A4 sheet"),
    "a6": _("one per A6 page"),
    "folded": _("two-sided, to fold"),
    "label": _("labels, 62 mm"),
}
BACK_LABELS: Final = {
    "": _("No programme"),
    "agenda": _("The holder’s programme: booked and starred sessions"),
}
FLIP_LABELS: Final = {"long": _("Flip on long edge"), "short": _("Flip on short edge")}


def print_badges(progress: JobProgress, file: BinaryIO) -> str:
    """Print all valid badges in the layout of the job, or those of the registrations that its payload names.

    Raise UnknownLayout or NothingToPrint.
    """
    job = progress.job
    event = job.required_event
    registration_ids = json.loads(job.payload) if job.payload else None
    rows = Registration.objects.filter(event=event).with_badge()
    count = (rows if registration_ids is None else rows.filter(pk__in=registration_ids)).count()

    def report_progress(badges: Iterable[SignedBadge]) -> Iterator[tuple[BadgeHolder, str]]:
        for done, badge in enumerate(badges):
            progress(done, count)
            yield badge

    options = BadgePrintOptions.from_argument(job.argument)
    problems = print_event_badges(
        file, event, options=options, registration_ids=registration_ids, wrap_badges=report_progress
    )
    job.file_name = f"badges-{event.slug}-{options.layout}.pdf"
    count_sentence = ngettext("%(count)d badge.", "%(count)d badges.", count) % {"count": count}
    if not problems:
        return count_sentence
    problem_sentence = ngettext(
        "%(count)d badge needs checking: see the badge page.",
        "%(count)d badges need checking: see the badge page.",
        len(problems),
    )
    return f"{count_sentence} {problem_sentence % {'count': len(problems)}}"
