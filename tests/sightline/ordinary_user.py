"""What makes a test that runs as root an ordinary user, who may not read everything."""

import shutil

SOMEONE_ELSE = 65534
SETPRIV = shutil.which("setpriv")
WITHOUT = "-dac_override,-dac_read_search,-fowner,-chown"
"""What makes root more than an ordinary user. Another user could not start every Python."""
