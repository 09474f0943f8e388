"""Which image files TensorFlow decodes to the same pixels as Pillow, told from their headers."""
