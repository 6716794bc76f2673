"""Personal data with a format: contact, payment, identity numbers, network and crypto addresses, dates of birth."""
