"""A share of what is answered, kept for monitoring."""
