"""Places to deploy to: each is a folder, found by its name, with a class `Target` in `target.py`.

What a cloud's client library is needed for is imported inside its functions, here and nowhere else
in this stage.
"""
