"""Settings of the tests of the networks."""

import pytest
import torch


@pytest.fixture(autouse=True)
def seeded_global_generator() -> None:
    """Give inputs and networks that no test draws on purpose the same values."""
    torch.manual_seed(0)
