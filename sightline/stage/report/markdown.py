"""Show a Markdown document, such as a model card, as a part of a report page."""

import re

from markdown_it import MarkdownIt
from markupsafe import Markup

HEADER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""YAML for programs, which the pages show elsewhere."""


def to_html(text: str) -> Markup:
    """Return the document as HTML; HTML in it stays text, and pictures stay links."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    return Markup(parser.render(HEADER.sub("", text)))
