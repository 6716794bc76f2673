"""Measuring: how well detectors do on labelled texts, with honest intervals."""
