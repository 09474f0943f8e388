"""One class for every image."""
