"""Texts of the user that try to make the model drop its rules."""
