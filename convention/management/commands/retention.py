"""`manage.py retention`: delete data older than the retention rules allow, now, and print how much."""

from typing import Any

from django.utils import timezone

from convention.commands import ConventionCommand
from convention.privacy.retention import run_retention_rules


class Command(ConventionCommand):
    """Run each rule once; the workers do the same every night."""

    help = "Delete data past its retention period. Prints one line for each kind of data."
    # Each rule has its own transaction: one that fails must not undo the others.
    runs_in_transaction = False

    def run(self, **_options: Any) -> None:
        """Run all rules and print their results."""
        runs = run_retention_rules(at=timezone.now())
        self.print_lines(
            f"{rule_run.rule}\t{rule_run.cutoff:%Y-%m-%d}\t{rule_run.error or rule_run.removed_count}"
            for rule_run in runs
        )
