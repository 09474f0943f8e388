"""Sections and pieces of the evaluation's report that kinds share."""
