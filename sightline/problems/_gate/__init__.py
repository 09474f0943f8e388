"""What decides, for every kind of problem: rules, paired tests, and how often they are wrong."""
