"""The pipeline: the one place that orders dialects, detectors, transforms, policy and ledger."""
