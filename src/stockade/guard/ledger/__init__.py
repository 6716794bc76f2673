"""The ledger: entries, their hash chain and its proof."""
