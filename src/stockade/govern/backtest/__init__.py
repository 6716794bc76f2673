"""Back-tests: what another policy or other detectors would have done with recorded exchanges."""
