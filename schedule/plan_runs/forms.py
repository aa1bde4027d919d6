from typing import Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from schedule.models import PlanRun

from .runs import MAX_SECONDS

MAX_SEED: Final = 2**31 - 1


class PlanRunForm(forms.ModelForm[PlanRun]):
    class Meta:
        model = PlanRun
        fields = ("mode", "seconds", "seed")
        widgets = {"mode": forms.RadioSelect}
        help_texts = {
            "seconds": _("More time gives a better timetable. Ten seconds is enough for a hundred sessions."),
            "seed": _(
                "A different number gives a different proposal; the same number always gives the same one."
            ),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they are
        seconds = self.fields["seconds"]
        # In place of the model field's minimum of 0, whose error would contradict this one.
        seconds.validators = [MinValueValidator(1), MaxValueValidator(MAX_SECONDS)]
        seconds.widget.attrs |= {"min": 1, "max": MAX_SECONDS}
        self.fields["seed"].validators.append(MaxValueValidator(MAX_SEED))
