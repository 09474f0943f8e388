"""Any number of names for every image, also none."""
