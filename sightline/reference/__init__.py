"""The pages of `docs/` that are made from the code, by `make docs`."""
