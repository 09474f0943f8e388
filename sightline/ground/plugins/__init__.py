"""What other packages add: entry points that name it, and what a recipe or backbone answers."""
