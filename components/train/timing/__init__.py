"""What each phase of a training took, and what it waited for."""
