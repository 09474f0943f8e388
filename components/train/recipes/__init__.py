"""The recipes of this installation: each is a file, found by its name."""
