"""The server as a container: what Vertex AI and KServe tell it, and a model from a store."""
