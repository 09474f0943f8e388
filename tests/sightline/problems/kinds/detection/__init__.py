"""A box and a class for every thing in an image."""
