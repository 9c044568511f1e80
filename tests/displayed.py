"""What a widget displays, and its parts, without a browser."""

import IPython.display
import ipywidgets


class Seen:
    """What was displayed, and the boxes that hold the widgets."""

    def __init__(self, monkeypatch):
        self.displayed, self.boxes = [], []
        monkeypatch.setattr(IPython.display, "display", lambda data, raw: self.displayed.append(data))
        box = ipywidgets.VBox

        def recorded(children):
            self.boxes.append(box(children))
            return self.boxes[-1]

        monkeypatch.setattr(ipywidgets, "VBox", recorded)

    @property
    def payload(self):
        (data,) = self.displayed
        return data

    @property
    def image(self):
        return bytes(self.boxes[-1].children[-1].value)

    @property
    def text(self):
        return self.boxes[-1].children[-2].value

    @property
    def knobs(self):
        return self.boxes[-1].children[:-2]
