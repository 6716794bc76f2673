"""The classifier: numbers that say how likely a text attacks, one head a question; pure, over weights handed in."""
