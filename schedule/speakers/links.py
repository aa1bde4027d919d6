"""The secret link of a speaker's own page."""

from collections.abc import Collection

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import translation

from convention.audit.record import record_action
from schedule.models import Speaker, SpeakerLink


def get_or_create_link(*, speaker: Speaker) -> SpeakerLink:
    """Return the speaker's link, created at its first use."""
    link, _is_new = SpeakerLink.objects.get_or_create(speaker=speaker)
    link.speaker = speaker
    return link


def create_missing_links(*, speakers: Collection[Speaker]) -> None:
    """Create the links of those speakers who have none, in two statements."""
    known = set(SpeakerLink.objects.filter(speaker__in=speakers).values_list("speaker", flat=True))
    SpeakerLink.objects.bulk_create(
        (SpeakerLink(speaker=speaker) for speaker in speakers if speaker.pk not in known),
        # Somebody may open the speaker's page at this moment.
        ignore_conflicts=True,
    )


def build_page_url(token: str, language: str) -> str:
    """Return the address of a speaker's own page in that language."""
    with translation.override(language):
        path = reverse("speaker-page", args=["TOKEN"])
    # Replaced afterwards, since `reverse` would escape the “…” of a preview.
    return settings.SITE_URL + path.replace("TOKEN", token)


@transaction.atomic
def revoke_link(*, speaker: Speaker) -> None:
    """Make all links sent to the speaker so far invalid; the next mail contains a new one."""
    link = get_or_create_link(speaker=speaker)
    # Incremented in the database: two clicks at once must not give the same version.
    SpeakerLink.objects.filter(pk=link.pk).update(link_version=F("link_version") + 1)
    record_action("speaker.revoke_link", speaker, event=speaker.event)
