"""How far a model's answers hold where images are a little darker, blurred or turned."""
