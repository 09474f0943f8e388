"""From a Keras network to what answers without Keras."""
