"""Data carried out of a conversation by links, images and command lines of an answer."""
