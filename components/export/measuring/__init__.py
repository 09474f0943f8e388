"""What forms of a model answer: how alike, how right, how fast, how large."""
