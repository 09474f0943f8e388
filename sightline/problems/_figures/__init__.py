"""What judging shares between kinds: rates, curves, conditions, the threshold, the live model."""
