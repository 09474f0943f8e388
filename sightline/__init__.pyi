from sightline.client.client import Client as Client

__version__: str
