"""The HTTP side of the server: connections, addresses and what is let in; bytes only."""
