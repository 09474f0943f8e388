"""What a training shows of itself, and what to try next."""
