"""One model of the target, folded from the log: what each response must show.

It knows the objects that a run wrote, and their members as far as the documented effect of each
request determines them. Every response that shows such an object is compared with it, whichever
scenario asked for it. What the model cannot determine it does not judge.
"""

from conformance.judging.target_model.model import outcomes_at

NEVER_SHOWN = "No response showed an object that the run had written."
"""Why a rule of the model may have nothing to judge."""

__all__ = ["NEVER_SHOWN", "outcomes_at"]
