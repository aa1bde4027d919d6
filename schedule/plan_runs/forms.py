from typing import Final

from django import forms
from django.core.validators import MaxValueValidator
from django.utils.translation import gettext_lazy as _

from convention.web.forms import limit_number
from schedule.models import PlanRun

from .runs import MAX_SECONDS

MAX_SEED: Final = 2**31 - 1


class PlanRunForm(forms.ModelForm[PlanRun]):
    class Meta:
        model = PlanRun
        fields = ("mode", "seconds", "seed")
        labels = {"seed": _("Variant number")}
        widgets = {"mode": forms.RadioSelect}
        help_texts = {
            "seconds": _("More time gives a better timetable. Ten seconds is enough for a hundred sessions."),
            "seed": _(
                "A different number gives a different proposal; the same number always gives the same one."
            ),
        }

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they are
        limit_number(self.fields["seconds"], at_least=1, at_most=MAX_SECONDS)
        self.fields["seed"].validators.append(MaxValueValidator(MAX_SEED))
