"""XML as it comes from outside: streamed, without document types, entities or anything fetched."""

from __future__ import annotations

from xml.parsers import expat


class NotPlainXml(Exception):
    """The XML declares a document type or an entity, which no file of data needs."""


def plain_parser() -> expat.XMLParserType:
    """A parser that raises NotPlainXml at the first declaration, before anything is expanded.

    Without a document type there are no entities but XML's own five, so a few bytes cannot become
    gigabytes and no other file or address is read.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    return parser


def _refuse(*_: object) -> int:
    raise NotPlainXml
