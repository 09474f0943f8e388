"""The ways to ask a model, by the names that SavedModels and our own server share."""

FROM_FILES = "serving_default"
"""Takes whole image files."""
FROM_PIXELS = "serving_pixels"
"""Takes pixels of the contract, for all that is ours."""
WITH_KEYS = "serving_keys"
"""Takes whole image files with keys of the client's own, which come back."""
BEST = "serving_top_k"
"""Answers with the most probable classes by name."""
FILES, KEY = "image_bytes", "key"
"""Names of inputs. Those that end in `_bytes` make TensorFlow Serving expect {"b64": ...}."""
CLASS_NAMES, CLASS_INDICES = "class_names", "class_indices"
CLASS_PROBABILITIES = "class_probabilities"
BEST_FIELDS = (CLASS_NAMES, CLASS_INDICES, CLASS_PROBABILITIES)
"""What the most probable classes are told by, each as many for every image."""
NUM_BEST = 5
"""How many they are where nobody says."""
