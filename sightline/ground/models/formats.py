"""What forms of a model are called: by settings, servers and `bundle.json`."""

LITERT = "litert"
LITERT_FLOAT16 = "litert-float16"
LITERT_INT8 = "litert-int8"
ONNX = "onnx"
TENSORFLOW = "tensorflow"

CHOSEN = (LITERT_FLOAT16, LITERT_INT8, ONNX)
"""Those that a bundle has where settings ask for them; it has the others anyway."""
