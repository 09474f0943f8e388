"""What both sides know of clouds: how to sign in, how to ask, and what went wrong."""
