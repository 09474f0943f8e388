"""One name per accelerator, and what each target calls it."""

from dataclasses import dataclass

NVIDIA = "nvidia.com/gpu"
"""What Kubernetes calls any NVIDIA GPU; which one is for the node's labels to say."""


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A kind of accelerator that users name in `resources.<stage>.gpu`."""

    name: str
    vertex: str
    """Vertex AI's AcceleratorType."""
    counts: tuple[int, ...]
    """How many of them Vertex AI attaches to one machine; none where it no longer offers them."""


# Vertex AI's names are those of google.cloud.aiplatform_v1.AcceleratorType (a test compares);
# counts: "GPUs" in its page on configuring compute resources.
ACCELERATORS = {
    accelerator.name: accelerator
    for accelerator in (
        Accelerator("K80", "NVIDIA_TESLA_K80", ()),
        Accelerator("P4", "NVIDIA_TESLA_P4", (1, 2, 4)),
        Accelerator("P100", "NVIDIA_TESLA_P100", (1, 2, 4)),
        Accelerator("V100", "NVIDIA_TESLA_V100", (1, 2, 4, 8)),
        Accelerator("T4", "NVIDIA_TESLA_T4", (1, 2, 4)),
        Accelerator("L4", "NVIDIA_L4", (1, 2, 4, 8)),
        Accelerator("A100", "NVIDIA_TESLA_A100", (1, 2, 4, 8, 16)),
        Accelerator("A100-80GB", "NVIDIA_A100_80GB", (1, 2, 4, 8)),
        Accelerator("H100", "NVIDIA_H100_80GB", (1, 2, 4, 8)),
        Accelerator("H100-MEGA", "NVIDIA_H100_MEGA_80GB", (8,)),
        Accelerator("H200", "NVIDIA_H200_141GB", (8,)),
        Accelerator("B200", "NVIDIA_B200", (8,)),
        Accelerator("GB200", "NVIDIA_GB200", (4,)),
        Accelerator("RTX-PRO-6000", "NVIDIA_RTX_PRO_6000", (1, 2, 4, 8)),
    )
}


def on_vertex(name: str) -> str:
    """Return Vertex AI's word for an accelerator; what is unknown stays, for lint to refuse."""
    found = ACCELERATORS.get(name.upper())
    return found.vertex if found else name


def on_kubernetes(name: str) -> str:
    """Return the resource that a pod asks for; what is unknown stays, for lint to refuse."""
    return NVIDIA if name.upper() in ACCELERATORS else name
