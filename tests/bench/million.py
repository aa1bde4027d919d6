"""Insert a million scans of the large event's badges at a hundred checkpoints, and their presences."""

import sqlite3

import psycopg

from tests.bench.site import Site

MILLION = 1_000_000
DOORS = 100
SCANNED = """attendance_scan (uid, device_id, event_id, checkpoint_id, registration_id, code_hash,
    payload_hash, direction, scanned_at, received_at, effective_at, is_time_uncertain, is_offline,
    local_verdict, operator, override_reason, verdict, reason, let_in)"""
SERIES = "WITH RECURSIVE series (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM series WHERE i < {most})"
PEOPLE = """person AS (
    SELECT r.id, row_number() OVER (ORDER BY r.id) - 1 AS n FROM registrations_registration r
    JOIN events_event e ON e.id = r.event_id WHERE e.slug = 'large' LIMIT 10000
), door AS (
    SELECT id, event_id, row_number() OVER (ORDER BY id) - 1 AS n FROM attendance_checkpoint
    WHERE name LIKE 'Room %'
), device AS (
    SELECT d.id FROM attendance_device d JOIN events_event e ON e.id = d.event_id
    WHERE e.slug = 'large' LIMIT 1
)"""
FILL = [
    f"""INSERT INTO attendance_checkpoint (event_id, name, kind, is_strict, position, alarm_percent)
    {SERIES.format(most=DOORS - 1)} SELECT e.id, 'Room ' || i, 'other', false, 10 + i, 100
    FROM events_event e CROSS JOIN series WHERE e.slug = 'large'""",
    f"""INSERT INTO {SCANNED} {SERIES.format(most="{last_scan}")}, {PEOPLE}
    SELECT {{uid}}, device.id, door.event_id, door.id, person.id, 'bench' || i, 'bench' || i, 'in',
        {{at}}, {{now}}, {{at}}, false, false, '', '', '', 'admitted', '', false
    FROM series JOIN door ON door.n = i % {DOORS} JOIN person ON person.n = (i / {DOORS}) % 10000
    CROSS JOIN device""",
    """INSERT INTO attendance_presence (event_id, checkpoint_id, registration_id, is_inside, first_entered_at,
        last_entered_at, last_device_id, last_checkpoint_id, seconds_inside, entries, has_conflict,
        last_scan_at, version, changed_at)
    SELECT event_id, checkpoint_id, registration_id, true, min(effective_at), min(effective_at),
        min(device_id), checkpoint_id, 0, 1, false, max(effective_at), count(*), {now}
    FROM attendance_scan WHERE code_hash LIKE 'bench%'
    GROUP BY event_id, checkpoint_id, registration_id""",
]
ON_POSTGRESQL = {
    "uid": "gen_random_uuid()",
    "now": "now()",
    "at": "now() - interval '1 day' + i * interval '50 ms'",
}
ON_SQLITE = {
    "uid": "lower(hex(randomblob(16)))",
    "now": "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    "at": "strftime('%Y-%m-%d %H:%M:%f', julianday('now') - 1 + i * 0.05 / 86400)",
}


NUMBER_CHANGES = """
from badges.attendance.scanning.numbering import number_changes
number_changes(Event.objects.get(slug="large").pk)
"""


def fill(site: Site) -> None:
    """Insert them, spread over the last day, and analyse the database."""
    run_statements(site, list_statements(MILLION, on_postgresql=site.is_postgresql))
    # Devices fetch every ten seconds, so that no more than a few presences ever wait for their number.
    site.manage("shell", "-v0", "-c", NUMBER_CHANGES)
    # The checkpoint writes the new rows to disk now, instead of beside the scans that are measured next.
    run_statements(site, ["VACUUM ANALYZE", "CHECKPOINT"] if site.is_postgresql else ["ANALYZE"])


def list_statements(scan_count: int, *, on_postgresql: bool) -> list[str]:
    """Return the SQL that inserts checkpoints, scans and presences of the event `large`."""
    values = ON_POSTGRESQL if on_postgresql else ON_SQLITE
    return [part.format(**values, last_scan=scan_count - 1) for part in FILL]


def run_statements(site: Site, statements: list[str]) -> None:
    """Run statements on the site's database, each in its own transaction."""
    if site.is_postgresql:
        with psycopg.connect(site.database, autocommit=True) as server:
            for statement in statements:
                server.execute(statement.encode())
        return
    with sqlite3.connect(site.database.removeprefix("sqlite:///"), isolation_level=None) as file:
        for statement in statements:
            file.execute(statement)
