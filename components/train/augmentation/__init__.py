"""Random changes to training images: how far they go, what they do, and what they are worth."""
