from .rollout_settings import RolloutSettings
from .targets.kserve.settings import KServeSettings
from .targets.vertex.settings import VertexSettings


class DeploySettings(KServeSettings, VertexSettings, RolloutSettings):
    """Where the model goes live, and how."""
