"""Self-contained HTML pages: one per stage, opened in Kubeflow, in Vertex AI and from disk."""
