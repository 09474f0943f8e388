"""Any number of classes for every image."""
