"""Print badges and agendas; the floor is the same marks on a bare reportlab canvas."""

import io
import json
import math
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from tests.bench.figures import Figure
from tests.bench.site import ROOT, Site

BADGES = 10_000
WHY = "each badge is signed (a quarter of the time), read, and has its names fitted to their room."
WHY_TWO = "whatever else the machine does takes from the second core; a single file stays on one."


def figures(site: Site) -> Iterator[Figure]:
    """Measure in a separate process, which has nothing else in memory."""
    command = [sys.executable, "-m", "tests.bench.printing"]
    done = subprocess.run(command, cwd=ROOT, env=site.environment, capture_output=True, check=True)
    found = json.loads(done.stdout)
    both = [
        subprocess.Popen(command, cwd=ROOT, env=site.environment, stdout=subprocess.PIPE) for _core in "12"
    ]
    together = sum(BADGES / json.loads(process.communicate()[0])["badges"] for process in both)
    rate = BADGES / found["badges"]
    yield Figure(
        "badges, A6, 10,000 at once", rate, "/s", at_least=2000, floor=BADGES / found["bare"],
        floor_work="names and codes on bare pages of reportlab", of_floor=0.8, why=WHY,
    )  # fmt: skip
    yield Figure(
        "the same on two cores, a file each, times one core", together / rate, "", at_least=1.7, why=WHY_TWO
    )
    yield Figure("badges, A6, 1,000", found["badges"] / 10, "s", at_most=1)
    yield Figure("a badge’s share of the file", found["bytes"], "bytes", at_most=2000)
    yield Figure("memory of 10,000 badges", found["memory"], "MB", at_most=200)
    yield Figure("booklet, 200 sessions", found["booklet"], "s", at_most=2)
    yield Figure("grid of both days, 200 sessions", 1000 * found["grid"], "ms", at_most=300)


def seconds(**works: Callable[[], object]) -> dict[str, float]:
    """Return the shortest of three times for each, in turns, so that other load affects all of them."""
    times = dict.fromkeys(works, math.inf)
    for name, work in list(works.items()) * 3:
        began = time.perf_counter()
        work()
        times[name] = min(times[name], time.perf_counter() - began)
    return times


def measure() -> dict[str, float]:
    """Return seconds, bytes and megabytes; memory is read after the first run, since it only grows."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "convention.settings")
    import django  # noqa: PLC0415 (settings come first)

    django.setup()
    from django.utils.translation import override  # noqa: PLC0415 (settings come first)

    from badges.printing.pdf import BadgePrintOptions, write_event_badges  # noqa: PLC0415 (settings come first)
    from convention.events.models import Event  # noqa: PLC0415 (settings come first)
    from schedule.paper.print_agenda import print_agenda  # noqa: PLC0415 (settings come first)

    event = Event.objects.get(slug="large")
    file = io.BytesIO()
    with override("fr"):
        write_event_badges(file, event, options=BadgePrintOptions("a6"))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        took = seconds(
            badges=lambda: write_event_badges(io.BytesIO(), event, options=BadgePrintOptions("a6")),
            bare=bare_pages,
            booklet=lambda: print_agenda(event, file=io.BytesIO(), format_name="booklet"),
            grid=lambda: print_agenda(event, file=io.BytesIO(), format_name="grid"),
        )
    return took | {"bytes": len(file.getvalue()) / BADGES, "memory": memory}


def bare_pages() -> None:
    """Draw ten thousand A6 pages with two names and a QR code: nothing read, signed or fitted."""
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415 (not part of our own memory)

    from convention.codes.qr import draw_symbol  # noqa: PLC0415 (settings come first)

    canvas = Canvas(io.BytesIO(), pagesize=(297.6, 419.5), pageCompression=1)
    picture = "q 100 0 0 100 150 40 cm BI /W {0} /H {0} /BPC 1 /IM true /D [1 0] /F /AHx ID {1}> EI Q"
    for number in range(BADGES):
        canvas.setFont("Helvetica-Bold", 34)
        canvas.drawString(30, 300, f"Prénom {number}")
        canvas.setFont("Helvetica", 22)
        canvas.drawString(30, 260, f"Nom {number}")
        drawn = draw_symbol(f"HTTPS://CLUB.EXAMPLE/B/{number:0125}")
        canvas.addLiteral(picture.format(drawn.side, drawn.rows.hex()))
        canvas.showPage()
    canvas.save()


if __name__ == "__main__":
    json.dump(measure(), sys.stdout)
