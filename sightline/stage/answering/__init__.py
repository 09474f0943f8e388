"""Models as they answer: which engines and files, and how they are opened and asked."""
