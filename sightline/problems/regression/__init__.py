"""One number for every image."""
