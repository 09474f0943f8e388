"""The backbones that settings can name, and the weights of them that a machine keeps."""
