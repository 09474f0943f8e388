"""What decides between deploy and hold, for every kind of problem: rules, paired tests, and what they cost."""
