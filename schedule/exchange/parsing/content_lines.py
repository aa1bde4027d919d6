"""Split an iCalendar file into unfolded content lines, even where lines are broken."""

import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from schedule.exchange.import_notes import ImportNotes, NoteReason

# A raw line break inside a text looks like the end of a property. It is one only if a known name follows:
# those of RFC 5545 and its extensions (7953, 7986, 9073, 9074), of RFC 2445 and of vCalendar 1.0.
PROPERTY_NAMES = (
    "BEGIN END VERSION PRODID CALSCALE METHOD SUMMARY DESCRIPTION LOCATION DTSTART DTEND DTSTAMP DURATION UID"
    " URL CATEGORIES CLASS STATUS TRANSP CREATED LAST-MODIFIED SEQUENCE ORGANIZER ATTENDEE CONTACT COMMENT"
    " ATTACH GEO PRIORITY RESOURCES RELATED-TO RRULE RDATE EXDATE EXRULE RECURRENCE-ID REQUEST-STATUS TZID"
    " TZNAME TZOFFSETFROM TZOFFSETTO TZURL ACTION TRIGGER REPEAT DUE COMPLETED PERCENT-COMPLETE FREEBUSY NAME"
    " COLOR IMAGE CONFERENCE REFRESH-INTERVAL SOURCE STYLED-DESCRIPTION STRUCTURED-DATA PARTICIPANT-TYPE"
    " CALENDAR-ADDRESS LOCATION-TYPE RESOURCE-TYPE ACKNOWLEDGED PROXIMITY BUSYTYPE DALARM AALARM"
)
PROPERTY_NAMES_PATTERN = "|".join(sorted(PROPERTY_NAMES.split(), key=len, reverse=True))
# Names may be in any case, but in a broken description “Contact: ...” is text: so capitals only, and small
# letters in files that use them throughout.
PROPERTY_PATTERN = re.compile(rf"(?:(?:{PROPERTY_NAMES_PATTERN})|X-[A-Z0-9-]+)\s*[;:]", re.ASCII)
LOWERCASE_PROPERTY_PATTERN = re.compile(
    rf"(?:(?:{PROPERTY_NAMES_PATTERN.lower()})|x-[a-z0-9-]+)\s*[;:]", re.ASCII
)
LOWERCASE_FILE_PATTERN = re.compile(r"^dtstart\s*[;:]", re.ASCII | re.MULTILINE)
ANY_CASE_PROPERTY_PATTERN = re.compile(
    r"(?:begin|end|summary|dtstart|dtend|uid|location|description)\s*[;:]", re.I | re.ASCII
)
# Quoted parts may contain the colon and semicolon that otherwise end a parameter (RFC 5545, 3.1).
PARAMETER_PATTERN = re.compile(r';\s*([A-Za-z0-9-]+)\s*(?:=\s*("[^"]*"|[^;:"]*(?:"[^"]*"[^;:"]*)*))?')
ESCAPE_PATTERN = re.compile(r"\\([\\;,:nN\"])")
ZONE_WITH_COLON_PATTERN = re.compile(r"(.*):(\d{4}-?\d{2}-?\d{2}(?:T[\d:.]+Z?)?\s*)$", re.S | re.I)
# Parameters of vCalendar 1.0, still in use (JRES 2022); only quoted-printable changes the text.
OLD_PARAMETERS = frozenset({"CHARSET", "ENCODING", "QUOTED-PRINTABLE"})


@dataclass(frozen=True, slots=True)
class ContentLine:
    """One property: name in capitals, parameters, and the value as written."""

    name: str
    value: str
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def unescaped_text(self) -> str:
        """Return the value with its escapes resolved."""
        return ESCAPE_PATTERN.sub(
            lambda match: "\n" if match.group(1) in "nN" else match.group(1), self.value
        )


@dataclass(slots=True)
class CalendarComponent:
    """A component (VCALENDAR, VEVENT, ...): its properties and the components inside it."""

    name: str
    lines: list[ContentLine] = field(default_factory=list)
    subcomponents: list["CalendarComponent"] = field(default_factory=list)
    is_closed: bool = False

    def find_line(self, name: str) -> ContentLine | None:
        """Return the first property of that name."""
        return next((line for line in self.lines if line.name == name), None)

    def get_text(self, name: str) -> str | None:
        """Return the text of the first property of that name; None if there is none."""
        line = self.find_line(name)
        return None if line is None else line.unescaped_text

    def find_all(self, name: str) -> Iterator["CalendarComponent"]:
        """Yield all components of that name, at any depth."""
        for component in self.subcomponents:
            if component.name == name:
                yield component
            yield from component.find_all(name)


def parse_components(text: str, notes: ImportNotes) -> CalendarComponent:
    """Parse the file; return a nameless component around everything."""
    outer = CalendarComponent("")
    stack = [outer]
    for line in parse_content_lines(text, notes):
        name = line.value.strip().upper()
        # `find_all` recurses, so a crafted file must not nest without end; real ones nest three deep.
        if line.name == "BEGIN" and len(stack) < 20:
            component = CalendarComponent(name)
            stack[-1].subcomponents.append(component)
            stack.append(component)
        elif line.name == "END":
            close_component(stack, name)
        else:
            stack[-1].lines.append(line)
    return outer


def close_component(stack: list[CalendarComponent], name: str) -> None:
    """Close a component, and those left open inside it."""
    if any(component.name == name for component in stack[1:]):
        while stack[-1].name != name:
            stack.pop()
        stack.pop().is_closed = True


def parse_content_lines(text: str, notes: ImportNotes) -> Iterator[ContentLine]:
    """Yield the properties in order."""
    for unfolded in unfold_lines(text, notes):
        line = parse_content_line(unfolded)
        if line is None:
            notes.add(NoteReason.BROKEN_FOLDING, unfolded)
            continue
        if OLD_PARAMETERS & line.parameters.keys():
            notes.add(NoteReason.OLD_PARAMETERS)
            line = modernize_line(line)
        yield line


# A blank piece is counted and not yet added: it belongs to a text only if more of that text follows.
# The patterns are possessive and look behind: in a file of carriage returns alone, a pattern that starts
# again at each of them would take hours. Real files (JRES) end lines with two of them.
def unfold_lines(text: str, notes: ImportNotes) -> Iterator[str]:
    """Yield logical lines: join folded lines, and pieces separated by a raw line break."""
    current: str | None = None
    blank = 0
    other_case = (
        LOWERCASE_PROPERTY_PATTERN if LOWERCASE_FILE_PATTERN.search(text) else ANY_CASE_PROPERTY_PATTERN
    )
    for _doubled in re.finditer(r"(?<!\r)\r\r++\n", text):
        notes.add(NoteReason.BROKEN_FOLDING)
    for piece in re.split(r"[\r\n]", re.sub(r"(?<!\r)\r++\n", "\n", text)):
        if not piece.strip() and not piece.startswith((" ", "\t")):
            blank += 1
        elif piece.startswith((" ", "\t")) and current is not None:
            current += "\\n" * blank + piece[1:]
            blank = 0
        elif current is None or PROPERTY_PATTERN.match(piece) or other_case.match(piece):
            if current is not None:
                yield current
            current, blank = piece, 0
        else:
            notes.add(NoteReason.BROKEN_FOLDING, piece)
            current += "\\n" * (blank + 1) + piece
            blank = 0
    if current is not None:
        yield current


def parse_content_line(unfolded_line: str) -> ContentLine | None:
    """Split a line into name, parameters and value; return None if it has no colon."""
    match = re.match(r"\s*([A-Za-z0-9-]+)\s*", unfolded_line)
    if not match:
        return None
    parameters: dict[str, str] = {}
    at = match.end()
    while parameter := PARAMETER_PATTERN.match(unfolded_line, at):
        name, value = parameter.group(1).upper(), (parameter.group(2) or "").strip()
        parameters[name] = value.strip('"')
        at = parameter.end()
    if unfolded_line[at : at + 1] != ":":
        return None
    value = unfolded_line[at + 1 :]
    if "TZID" in parameters and (zone_match := ZONE_WITH_COLON_PATTERN.match(value)):
        # Outlook's zone names contain a colon, “(UTC+01:00) Paris”, but lack the quotes that it requires.
        parameters["TZID"] += ":" + ESCAPE_PATTERN.sub(r"\1", zone_match.group(1))
        value = zone_match.group(2)
    return ContentLine(match.group(1).upper(), value, parameters)


def modernize_line(line: ContentLine) -> ContentLine:
    """Return the line without parameters of vCalendar 1.0, its quoted-printable text decoded."""
    quoted = "QUOTED-PRINTABLE" in (line.parameters.get("ENCODING", "").upper(), *line.parameters)
    value = line.value
    if quoted:
        value = quopri.decodestring(value.encode()).decode("utf-8", errors="replace").replace("\r\n", "\n")
        # Escaped again, since `unescaped_text` resolves the escapes of every value.
        value = value.replace("\n", "\\n")
    parameters = {name: text for name, text in line.parameters.items() if name not in OLD_PARAMETERS}
    return ContentLine(line.name, value, parameters)
