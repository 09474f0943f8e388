"""Look at a compiled package before it is submitted: what would its target reject or ignore?"""

from sightline.platform.lint.checked import Checked
from sightline.platform.lint.finding import Finding, format_findings
from sightline.platform.lint.linter import lint

__all__ = ["Checked", "Finding", "format_findings", "lint"]
