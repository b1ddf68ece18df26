"""What torch keeps private or does not document, in this one place.

``aten`` are the operations that torch's own functions and their derivatives consist of;
the others take a step of an operation on a list of tensors, as torch's optimizers do.
"""

import torch
from torch import (
    _foreach_add_,
    _foreach_addcdiv_,
    _foreach_addcmul_,
    _foreach_copy_,
    _foreach_div_,
    _foreach_lerp_,
    _foreach_mul_,
    _foreach_reciprocal_,
    _foreach_sub_,
)

__all__ = [
    "aten",
    "foreach_add_",
    "foreach_addcdiv_",
    "foreach_addcmul_",
    "foreach_copy_",
    "foreach_div_",
    "foreach_lerp_",
    "foreach_mul_",
    "foreach_reciprocal_",
    "foreach_sub_",
]

aten = torch.ops.aten
foreach_add_ = _foreach_add_
foreach_addcdiv_ = _foreach_addcdiv_
foreach_addcmul_ = _foreach_addcmul_
foreach_copy_ = _foreach_copy_
foreach_div_ = _foreach_div_
foreach_lerp_ = _foreach_lerp_
foreach_mul_ = _foreach_mul_
foreach_reciprocal_ = _foreach_reciprocal_
foreach_sub_ = _foreach_sub_
