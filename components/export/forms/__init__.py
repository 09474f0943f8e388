"""The forms in which a bundle holds a model, and how each is written."""
