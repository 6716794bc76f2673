"""Hidden text: characters that a person does not see and a model reads."""
