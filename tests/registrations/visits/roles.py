"""Who opens the pages of a visit's day and of what follows, for the table of roles (test_doors.py)."""

NOBODY: set[str] = set()
RUN_IT = {"organizer", "outside organizer", "administrator", "secretary"}
STAFF = RUN_IT | {"desk"}
CLUB = {"secretary", "administrator"}

# Nobody of the table has a place or a seat: own pages are tried where somebody has.
DAY_DOORS = {
    **{f"visit-{name}": NOBODY for name in ("rides", "rides-calendar", "feedback", "certificate", "debrief")},
    "visits-learned": NOBODY,
    **{
        f"organize-visit-{name}": RUN_IT
        for name in (
            "rides", "ride-new", "ride", "ride-remove", "seat", "day-doors", "roster-csv", "roster-xlsx",
            "certificates", "certificate",
        )
    },
    **{
        f"organize-visit-{name}": STAFF
        for name in ("day", "evacuation", "evacuation-pdf", "roster-pdf", "manifest", "manifest-pdf")
    },
    **{
        f"organize-visit-{name}": CLUB
        for name in ("debrief", "debrief-act", "feedback", "questions", "questions-usual")
    },
}  # fmt: skip
DAY_POSTED = {
    f"organize-visit-{name}" for name in ("ride-remove", "day-doors", "debrief-act", "questions-usual")
}
