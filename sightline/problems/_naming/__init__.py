"""What kinds that give names share: rates, conditions, the threshold, the live model."""
