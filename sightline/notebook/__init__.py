"""Projects and runs as objects, for notebooks and scripts: `from sightline import Project`."""
