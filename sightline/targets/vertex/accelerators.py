"""What Vertex AI calls accelerators, and how many it attaches to one machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One kind, as Vertex AI has it."""

    type: str
    """Google's AcceleratorType."""
    counts: tuple[int, ...]
    """How many of them one machine may have; none where it no longer offers them."""


# The names are those of google.cloud.aiplatform_v1.AcceleratorType (a test compares); counts:
# "GPUs" in Google's page on configuring compute resources.
ACCELERATORS = {
    "K80": Accelerator("NVIDIA_TESLA_K80", ()),
    "P4": Accelerator("NVIDIA_TESLA_P4", (1, 2, 4)),
    "P100": Accelerator("NVIDIA_TESLA_P100", (1, 2, 4)),
    "V100": Accelerator("NVIDIA_TESLA_V100", (1, 2, 4, 8)),
    "T4": Accelerator("NVIDIA_TESLA_T4", (1, 2, 4)),
    "L4": Accelerator("NVIDIA_L4", (1, 2, 4, 8)),
    "A100": Accelerator("NVIDIA_TESLA_A100", (1, 2, 4, 8, 16)),
    "A100-80GB": Accelerator("NVIDIA_A100_80GB", (1, 2, 4, 8)),
    "H100": Accelerator("NVIDIA_H100_80GB", (1, 2, 4, 8)),
    "H100-MEGA": Accelerator("NVIDIA_H100_MEGA_80GB", (8,)),
    "H200": Accelerator("NVIDIA_H200_141GB", (8,)),
    "B200": Accelerator("NVIDIA_B200", (8,)),
    "GB200": Accelerator("NVIDIA_GB200", (4,)),
    "RTX-PRO-6000": Accelerator("NVIDIA_RTX_PRO_6000", (1, 2, 4, 8)),
}
