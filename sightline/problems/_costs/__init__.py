"""What mistakes cost, and the thresholds that cost least."""
