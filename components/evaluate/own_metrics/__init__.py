"""Metrics of packages: measured, compared with the live model, shown, and decided on."""
