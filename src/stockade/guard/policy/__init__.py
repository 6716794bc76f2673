"""Policy: the rules that turn findings and identity into a decision."""
