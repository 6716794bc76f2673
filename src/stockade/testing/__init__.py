"""Stand-ins a test or an evaluation runs against: providers, clocks and stores without a network."""
