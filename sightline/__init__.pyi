from sightline.client.client import Client as Client
from sightline.notebook.project import Project as Project

__version__: str
