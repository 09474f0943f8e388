"""Which project of Google Cloud is asked, and what the settings are called that say so."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleProject:
    """A project and a location, for clients and for messages."""

    project: str
    location: str
    api_endpoint: str = ""
    """Address of Vertex AI, where it is not the public one of the location."""
    anonymous: bool = False
    """Whether nobody signs in, as for an emulator."""
    who: str
    """Who asks, at the beginning of an error: `Target cloud`."""
    prefix: str
    """What the names of the settings begin with: `targets.cloud.`."""
    sign_in: str = "credentials"
    """What the setting is called that says whether anybody signs in."""

    def setting(self, name: str) -> str:
        """Return what a setting is called where the user gave it."""
        return f"{self.prefix}{name}"

    @property
    def parent(self) -> str:
        """Resource that everything in the location belongs to."""
        return f"projects/{self.project}/locations/{self.location}"

    @property
    def endpoint(self) -> str:
        """Address of Vertex AI, with or without `https://`."""
        return self.api_endpoint or f"{self.location}-aiplatform.googleapis.com"

    @property
    def address(self) -> str:
        """Address of Vertex AI, complete."""
        return self.endpoint if "://" in self.endpoint else f"https://{self.endpoint}"
