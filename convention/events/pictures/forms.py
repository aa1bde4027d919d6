"""Form of one picture of an event."""

from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from convention.events.models import EventPicture
from convention.text.normalize import normalize_whitespace

HELP_TEXTS: Final = {
    EventPicture.Kind.HEADER: _(
        "At the top of the event’s page, and in link previews. JPEG, PNG or WebP, at most 10 MB, landscape "
        "format."
    ),
    EventPicture.Kind.LOGO: _(
        "Beside the club’s name, on all public pages of the event. JPEG, PNG or WebP, at most 10 MB."
    ),
    EventPicture.Kind.MAP: _(
        "A map of the venue or of how to get there, shown beside its address. JPEG, PNG or WebP, at most "
        "10 MB."
    ),
}


class PictureForm(forms.Form):
    """A picture to upload, and its texts for people who do not see it."""

    picture = forms.FileField(
        label=_("Picture"),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={
            "required": _("Choose a picture."),
            "empty": _("This file is empty. Choose another one."),
        },
    )
    alt_text = forms.CharField(label=_("Alternative text in French"), max_length=300, required=False)
    alt_text_en = forms.CharField(label=_("Alternative text in English"), max_length=300, required=False)

    def __init__(
        self, data: Any, files: Any, *, kind: EventPicture.Kind, stored: EventPicture | None
    ) -> None:
        super().__init__(data, files, prefix=kind.value)
        self.kind, self.stored = kind, stored
        self.fields["picture"].help_text = HELP_TEXTS[kind]
        self.fields["picture"].required = stored is None
        self.fields["alt_text"].help_text = _(
            "Describe the picture in one sentence. Leave empty if it is decorative."
        )
        if stored:
            self.initial = {"alt_text": stored.alt_text, "alt_text_en": stored.alt_text_en}

    def clean_alt_text(self) -> str:
        return normalize_whitespace(self.cleaned_data["alt_text"])

    def clean_alt_text_en(self) -> str:
        return normalize_whitespace(self.cleaned_data["alt_text_en"])
