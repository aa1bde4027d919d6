"""The lines of an iCalendar file, unfolded and taken apart, also where they are broken."""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .notes import Notes, Reason

KNOWN = (
    "BEGIN END VERSION PRODID CALSCALE METHOD SUMMARY DESCRIPTION LOCATION DTSTART DTEND DTSTAMP DURATION UID"
    " URL CATEGORIES CLASS STATUS TRANSP CREATED LAST-MODIFIED SEQUENCE ORGANIZER ATTENDEE CONTACT COMMENT"
    " ATTACH GEO PRIORITY RESOURCES RELATED-TO RRULE RDATE EXDATE EXRULE RECURRENCE-ID REQUEST-STATUS TZID"
    " TZNAME TZOFFSETFROM TZOFFSETTO TZURL ACTION TRIGGER REPEAT DUE COMPLETED PERCENT-COMPLETE FREEBUSY NAME"
    " COLOR IMAGE CONFERENCE REFRESH-INTERVAL SOURCE STYLED-DESCRIPTION STRUCTURED-DATA PARTICIPANT-TYPE"
    " CALENDAR-ADDRESS LOCATION-TYPE RESOURCE-TYPE ACKNOWLEDGED PROXIMITY BUSYTYPE DALARM AALARM"
)
NAMES = "|".join(sorted(KNOWN.split(), key=len, reverse=True))
PROPERTY = re.compile(rf"(?:(?:{NAMES})|X-[A-Z0-9-]+)\s*[;:]", re.ASCII)
SMALL = re.compile(rf"(?:(?:{NAMES.lower()})|x-[a-z0-9-]+)\s*[;:]", re.ASCII)
IN_SMALL = re.compile(r"^dtstart\s*[;:]", re.ASCII | re.MULTILINE)
ANY_CASE = re.compile(r"(?:begin|end|summary|dtstart|dtend|uid|location|description)\s*[;:]", re.I | re.ASCII)
PARAMETER = re.compile(r';\s*([A-Za-z0-9-]+)\s*(?:=\s*("[^"]*"|[^;:"]*(?:"[^"]*"[^;:"]*)*))?')
ESCAPE = re.compile(r"\\([\\;,:nN\"])")
ZONE_WITH_COLON = re.compile(r"(.*):(\d{4}-?\d{2}-?\d{2}(?:T[\d:.]+Z?)?\s*)$", re.S | re.I)
OLD_PARAMETERS = frozenset({"CHARSET", "ENCODING", "QUOTED-PRINTABLE"})


@dataclass(frozen=True, slots=True)
class Line:
    """One property: its name in capitals, its parameters, its value as written."""

    name: str
    value: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The value as text, escapes undone."""
        return ESCAPE.sub(lambda match: "\n" if match.group(1) in "nN" else match.group(1), self.value)


@dataclass(slots=True)
class Component:
    """A VCALENDAR, VEVENT and so on: its own properties, and the components inside."""

    name: str
    lines: list[Line] = field(default_factory=list)
    inside: list["Component"] = field(default_factory=list)
    closed: bool = False

    def first(self, name: str) -> Line | None:
        """The first property of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def text(self, name: str) -> str | None:
        """The text of the first property of that name; None without one."""
        line = self.first(name)
        return None if line is None else line.text

    def walk(self, name: str) -> Iterator["Component"]:
        """All components of that name, at any depth."""
        for component in self.inside:
            if component.name == name:
                yield component
            yield from component.walk(name)


def components(text: str, notes: Notes) -> Component:
    """What the file holds, as a nameless component around it."""
    outer = Component("")
    stack = [outer]
    for line in lines(text, notes):
        name = line.value.strip().upper()
        if line.name == "BEGIN" and len(stack) < 20:
            component = Component(name)
            stack[-1].inside.append(component)
            stack.append(component)
        elif line.name == "END":
            close(stack, name)
        else:
            stack[-1].lines.append(line)
    return outer


def close(stack: list[Component], name: str) -> None:
    """End a component, and any that was left open inside it."""
    if any(component.name == name for component in stack[1:]):
        while stack[-1].name != name:
            stack.pop()
        stack.pop().closed = True


def lines(text: str, notes: Notes) -> Iterator[Line]:
    """The properties, one by one."""
    for whole in unfolded(text, notes):
        line = parsed(whole)
        if line is None:
            notes.add(Reason.FOLDING, whole)
            continue
        if OLD_PARAMETERS & line.parameters.keys():
            notes.add(Reason.PARAMETERS)
            line = modern(line)
        yield line


def unfolded(text: str, notes: Notes) -> Iterator[str]:
    """Lines joined again: folded ones, and pieces of text that a raw line break tore off."""
    current: str | None = None
    blank = 0
    other_case = SMALL if IN_SMALL.search(text) else ANY_CASE
    for _doubled in re.finditer(r"(?<!\r)\r\r++\n", text):
        notes.add(Reason.FOLDING)
    for piece in re.split(r"[\r\n]", re.sub(r"(?<!\r)\r++\n", "\n", text)):
        if not piece.strip() and not piece.startswith((" ", "\t")):
            blank += 1
        elif piece.startswith((" ", "\t")) and current is not None:
            current += "\\n" * blank + piece[1:]
            blank = 0
        elif current is None or PROPERTY.match(piece) or other_case.match(piece):
            if current is not None:
                yield current
            current, blank = piece, 0
        else:
            notes.add(Reason.FOLDING, piece)
            current += "\\n" * (blank + 1) + piece
            blank = 0
    if current is not None:
        yield current


def parsed(whole: str) -> Line | None:
    """Name, parameters and value of a line; nothing where there is no colon."""
    match = re.match(r"\s*([A-Za-z0-9-]+)\s*", whole)
    if not match:
        return None
    parameters: dict[str, str] = {}
    at = match.end()
    while found := PARAMETER.match(whole, at):
        name, value = found.group(1).upper(), (found.group(2) or "").strip()
        parameters[name] = value.strip('"')
        at = found.end()
    if whole[at : at + 1] != ":":
        return None
    value = whole[at + 1 :]
    if "TZID" in parameters and (torn := ZONE_WITH_COLON.match(value)):
        # Outlook's names of zones hold a colon and stand without the quotes that it asks for.
        parameters["TZID"] += ":" + ESCAPE.sub(r"\1", torn.group(1))
        value = torn.group(2)
    return Line(match.group(1).upper(), value, parameters)


def modern(line: Line) -> Line:
    """The line without the parameters of vCalendar 1.0, its quoted-printable text decoded."""
    quoted = "QUOTED-PRINTABLE" in (line.parameters.get("ENCODING", "").upper(), *line.parameters)
    value = line.value
    if quoted:
        value = quopri.decodestring(value.encode()).decode("utf-8", errors="replace").replace("\r\n", "\n")
        value = value.replace("\n", "\\n")
    kept = {name: text for name, text in line.parameters.items() if name not in OLD_PARAMETERS}
    return Line(line.name, value, kept)
