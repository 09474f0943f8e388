"""What both sides know of models: their forms, and the folder of versions."""
