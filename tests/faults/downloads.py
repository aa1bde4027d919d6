"""Files that a site sends to those who may have them."""

from dataclasses import dataclass

from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from convention.jobs.models import Job
from tests.factories import make_event, make_staff


@dataclass(frozen=True)
class Download:
    """An address, and the cookie of somebody who may read it."""

    path: str
    cookie: str
    content: bytes = b""


def make_job_file(size: int) -> Download:
    """Create a job's result of that size in bytes."""
    event = make_event()
    content = bytes(range(256)) * (size // 256)
    job = Job.objects.create(
        event=event, kind="badges", title="Badges", language="en", finished_at=timezone.now(),
        file_name="badges.pdf",
    )  # fmt: skip
    job.file.save("result", ContentFile(content))
    return Download(
        reverse("organize-job-file", args=[event.slug, job.pk]), sign_in_organizer(event), content
    )


def sign_in_organizer(event) -> str:
    """Return the session cookie of an organizer of that event."""
    client = Client()
    client.force_login(make_staff(event))
    return f"sessionid={client.cookies['sessionid'].value}"
