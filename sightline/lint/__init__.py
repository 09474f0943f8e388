"""Look at a compiled package before it is submitted: what would its target reject or ignore?"""

from sightline.lint.checked import Checked
from sightline.lint.finding import Finding, format_findings
from sightline.lint.linter import lint

__all__ = ["Checked", "Finding", "format_findings", "lint"]
