"""Training that begins as the live model."""
