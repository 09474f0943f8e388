"""One preprocessing definition: data in `contract`, pixels in `arrays` and `graph`."""
