"""Yes or no: is an image of the positive one of two classes?"""
