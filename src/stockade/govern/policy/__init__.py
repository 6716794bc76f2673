"""What people do with policy beside the gate: check, try, explain, compare, prove and promote rules."""
