"""One model of the target, folded from the log: what each response must show.

It knows the objects that a run wrote, and their members as far as the documented effect of each
request determines them. Every response that shows such an object is compared with it, whichever
scenario asked for it. What the model cannot determine it does not judge.
"""

from conformance.judging.target_model.model import outcomes_at

__all__ = ["outcomes_at"]
