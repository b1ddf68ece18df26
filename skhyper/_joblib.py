"""The name of joblib that is vendored, imported in this one place."""

from joblib.externals.loky.process_executor import TerminatedWorkerError

__all__ = ["TerminatedWorkerError"]
