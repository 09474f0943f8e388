"""Trainings beside the one that counts: over folds and seeds, to tell how good it is."""
