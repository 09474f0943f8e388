"""Ways to ask, a module each; what is read there is read in workers."""
