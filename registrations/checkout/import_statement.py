"""Import a statement of the bank: each line once; what names its reference and pays what is due is taken."""

import itertools
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from convention.audit.record import record
from convention.club.models import Person
from convention.turns import take_turn

from .assign import assign, match_line_to_payout, match_line_to_refund, note_returned
from .bank_rows import Entry, File
from .match import Kind, Match, match
from .models import BankLine, Statement
from .payable import index_of_payable, refund_by_hand, seen

AT_ONCE = 10_000


@dataclass
class Imported:
    """What an import did, or would do: new lines with what each is, and how many were known."""

    matches: list[tuple[BankLine, Match]] = field(default_factory=list)
    known: int = 0

    def count(self, *kinds: Kind) -> int:
        """How many of the new lines are of these kinds."""
        return sum(found.kind in kinds for _line, found in self.matches)

    def __str__(self) -> str:
        return _(
            "New lines: %(new)d. Known: %(known)d. Matched to what was due: %(exact)d. "
            "Matched to payouts of cards: %(payouts)d. To decide: %(open)d."
        ) % {
            "new": len(self.matches),
            "known": self.known,
            "exact": self.count(Kind.EXACT),
            "payouts": self.count(Kind.PAYOUT),
            "open": sum(
                line.amount > 0 and found.kind not in (Kind.EXACT, Kind.PAYOUT)
                for line, found in self.matches
            ),
        }


@transaction.atomic
def import_statement(*, file: File, by: Person | None = None) -> Imported:
    """Keep the lines that are not known yet and take what is beyond doubt; all of it or nothing."""
    take_turn("bank-import")
    statement = Statement.objects.create(name=file.name[:200], account=file.account, imported_by=by)
    done = Imported()
    lines = _new_lines(statement, file, done)
    BankLine.objects.bulk_create(lines)
    index = index_of_payable()
    for line in lines:
        found = match(seen(line), index)
        done.matches.append((line, found))
        if _taken(line, found):
            index.settle(found)
    if not lines:
        statement.delete()
    else:
        record("bank.import", statement, fields=["lines"])
    return done


def _new_lines(statement: Statement, file: File, done: Imported) -> list[BankLine]:
    """The lines of a file that are not known; one known by a former fingerprint counts once."""
    entries = {entry.fingerprint: entry for entry in file.entries}
    names = {name: [name, *entry.former] for name, entry in entries.items()}
    known = _known(set(itertools.chain(*names.values())))
    lines = []
    for name, entry in entries.items():
        if same := next((one for one in names[name] if one in known), None):
            known.remove(same)
        else:
            lines.append(_line(statement, name, entry))
    done.known = len(file.entries) - len(lines)
    return lines


def _known(fingerprints: set[str]) -> set[str]:
    """Those of them that a line has; many are asked for by parts, as a statement takes no more."""
    found = set[str]()
    for some in itertools.batched(fingerprints, AT_ONCE, strict=False):
        found.update(BankLine.objects.filter(fingerprint__in=some).values_list("fingerprint", flat=True))
    return found


def _line(statement: Statement, fingerprint: str, entry: Entry) -> BankLine:
    return BankLine(
        statement=statement,
        fingerprint=fingerprint,
        booked_on=entry.booked_on,
        amount=entry.amount,
        currency=entry.currency,
        party=entry.party,
        text=entry.text,
        reference=entry.reference,
    )


def _taken(line: BankLine, found: Match) -> bool:
    """Take what is beyond doubt; whether anything was."""
    if found.kind == Kind.PAYOUT:
        match_line_to_payout(line=line, payout_id=found.reference)
    elif found.kind == Kind.EXACT:
        for reference, cents in found.parts:
            assign(line=line, reference=reference, amount=cents)
    elif line.amount < 0 and (refund := refund_by_hand(line)):
        match_line_to_refund(line=line, refund=refund)
    elif found.kind == Kind.RETURNED:
        return note_returned(line=line, reference=found.reference)
    else:
        return False
    return True


@transaction.atomic
def rehearse_statement(*, file: File) -> Imported:
    """What `import_statement` would do; nothing is kept. Raises the same."""
    done = import_statement(file=file)
    transaction.set_rollback(True)
    return done
