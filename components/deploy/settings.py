from .rollout_settings import RolloutSettings
from .targets.vertex.settings import VertexSettings


class DeploySettings(VertexSettings, RolloutSettings):
    """Where the model goes live, and how."""
