"""`manage.py retention`: remove what is older than the club keeps, now, and say how much went."""

from typing import Any

from django.utils import timezone

from convention.commands import SentenceCommand
from convention.privacy.retention import run_rules


class Command(SentenceCommand):
    """Run each rule once; the workers do the same every night."""

    help = "Remove what is older than the club keeps; one line for each kind of data."
    transactional = False

    def run(self, **_options: Any) -> None:
        """Run, and report."""
        sweeps = run_rules(at=timezone.now())
        self.tell(f"{one.rule}\t{one.before:%Y-%m-%d}\t{one.error or one.removed}" for one in sweeps)
