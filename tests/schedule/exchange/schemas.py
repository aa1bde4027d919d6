"""The published schemas, where their folder is present (SCHEDULES_DIR); without it, nothing is wrong."""

import functools
import json
import os
from pathlib import Path

import jsonschema
from lxml import etree

ROOT = Path(__file__).resolve().parents[3]
FOLDER = Path(os.environ.get("SCHEDULES_DIR") or ROOT.parent / "shared/data/schedules")


@functools.cache
def xml_schema() -> etree.XMLSchema | None:
    path = FOLDER / "schema" / "schedule.xml.xsd"
    return etree.XMLSchema(etree.parse(path)) if path.exists() else None


@functools.cache
def json_schema() -> jsonschema.Draft6Validator | None:
    path = FOLDER / "schema" / "schedule-v1.schema.json"
    if not path.exists():
        return None
    return jsonschema.Draft6Validator(json.loads(path.read_text()), format_checker=jsonschema.FormatChecker())


def xml_errors(data: bytes) -> list[str]:
    """What the schema finds wrong with a frab XML file; it must be well-formed in any case."""
    root = etree.fromstring(data)
    schema = xml_schema()
    return [] if schema is None or schema.validate(root) else [str(error) for error in schema.error_log]


def json_errors(data: bytes) -> list[str]:
    """What the schema finds wrong with a frab JSON file."""
    found = json.loads(data)
    schema = json_schema()
    return [] if schema is None else [error.message for error in schema.iter_errors(found)]
