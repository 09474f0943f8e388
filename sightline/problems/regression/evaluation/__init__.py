"""How numbers are measured, shown and decided on."""
