"""The race of backbones: which of those at hand sees best in these images."""
