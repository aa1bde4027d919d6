"""The neutrality rule: employees of vendors propose only case studies, together with a customer.

Pure functions on plain data; `submit.py` reads the club's directory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from schedule.models import CallForProposals

DEFAULT_RULE: Final = gettext_lazy(
    "The club is neutral towards vendors. Employees of a vendor can only propose a case study, "
    "presented together with a customer who is one of the speakers. Sales talks are "
    "not accepted."
)


@dataclass(frozen=True)
class SpeakerEmployer:
    """A speaker's employer, as stated by the speaker or found in the directory."""

    name: str
    company: str
    is_vendor_employee: bool

    @property
    def is_customer(self) -> bool:
        """Return whether the speaker can be the customer of a case study."""
        return bool(self.company) and not self.is_vendor_employee


def get_rule_text(call: CallForProposals) -> str:
    """Return the rule in the active language: the call's own text, or the default one."""
    own = call.neutrality_text_en if translation.get_language() == "en" else call.neutrality_text
    return own or call.neutrality_text or str(DEFAULT_RULE)


def find_neutrality_objections(
    speakers: Sequence[SpeakerEmployer], *, customer: str | None
) -> dict[str, list[str]]:
    """Return why the rule refuses a proposal, as sentences by field; empty if it does not.

    `customer` is None for a proposal that is no case study.
    """
    employees = [speaker for speaker in speakers if speaker.is_vendor_employee]
    if not employees:
        return {}
    names = ", ".join(speaker.name for speaker in employees)
    errors: dict[str, list[str]] = {}
    if customer is None:
        errors["is_case_study"] = [
            _("Speakers from a vendor: %(names)s. They can only propose a case study with a customer.")
            % {"names": names}
        ]
    elif not customer:
        errors["customer"] = [_("Enter the customer whose experience is reported.")]
    if not any(speaker.is_customer for speaker in speakers):
        errors["speakers"] = [
            _(
                "Speakers from a vendor: %(names)s. Add the customer as a co-speaker, with their company; it "
                "must not be a vendor."
            )
            % {"names": names}
        ]
    return errors
