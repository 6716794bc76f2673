"""Views: canonical and decoded readings of a text, each with its way back to the original code points."""

from stockade.core.views.marks import MARKS
from stockade.core.views.opening import ViewLimitError, open_readings, open_views
from stockade.core.views.view import View

__all__ = ["MARKS", "View", "ViewLimitError", "open_readings", "open_views"]
