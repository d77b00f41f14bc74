"""Checking written files against the published schemas, without a network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from lxml import etree

FOLDER = Path(__file__).parents[1] / "data" / "schemas"
SCHEMA_OF = {"alto": "alto-4-4.xsd", "page": "pagecontent-2019-07-15.xsd"}


class _Beside(etree.Resolver):
    """Hands out the copy beside the schema for what the schema names by its address."""

    def resolve(self, url: str, public: str | None, context: object) -> object:
        return self.resolve_filename(str(FOLDER / url.rpartition("/")[2]), context)


@cache
def schema(name: str) -> etree.XMLSchema:
    """Return the schema of a format, `alto` or `page`."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Beside())
    return etree.XMLSchema(etree.parse(str(FOLDER / SCHEMA_OF[name]), parser))


def faults(name: str, content: bytes) -> list[str]:
    """Return what a file has that its format does not allow, or what makes it no XML; nothing if it is valid."""
    try:
        root = etree.fromstring(content, etree.XMLParser(no_network=True, resolve_entities=False))
    except etree.XMLSyntaxError as error:
        return [str(error)]
    rules = schema(name)
    return [] if rules.validate(root) else [f"line {fault.line}: {fault.message}" for fault in rules.error_log]
