"""Print all badges of an event as a job: for more of them than a page may wait for."""

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from convention.jobs.run import Progress
from registrations.models import Registration

from .codes import Holder
from .pdf import Badge, event_badges

AT_ONCE: Final = 500
"""As many badges are drawn while one waits for the download; more are a job."""
TITLES: Final = {
    "a4x4": _("four per A4 sheet"),
    "a6": _("one per A6 page"),
    "folded": _("two-sided, to fold"),
    "label": _("labels, 62 mm"),
}


def print_badges(progress: Progress, file: BinaryIO) -> str:
    """The job: every valid badge in the layout asked for. Raises UnknownLayout or NothingToPrint."""
    job = progress.job
    event = job.of_event
    count = Registration.objects.filter(event=event).confirmed().count()

    def counted(badges: Iterable[Badge]) -> Iterator[tuple[Holder, str]]:
        for done, badge in enumerate(badges):
            progress(done, count)
            yield badge

    problems = event_badges(file, event, layout=job.argument, through=counted)
    job.file_name = f"badges-{event.slug}-{job.argument}.pdf"
    printed = ngettext("%(count)d badge.", "%(count)d badges.", count) % {"count": count}
    if not problems:
        return printed
    looked_at = ngettext(
        "%(count)d badge deserves a look: it is named on the page of badges.",
        "%(count)d badges deserve a look: they are named on the page of badges.",
        len(problems),
    )
    return f"{printed} {looked_at % {'count': len(problems)}}"
