"""A backbone's features: computed once for each image, by one engine, for whoever needs them."""
