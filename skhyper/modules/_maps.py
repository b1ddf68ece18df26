"""The sizes of the maps between convolutions."""

from typing import Any, NamedTuple

from skhyper.modules._checks import Mistakes, as_ints, is_int
from skhyper.modules._normalizers import check_normalizer

Shape = tuple[int, ...]


class Block(NamedTuple):
    """What one convolutional block does to the size of its map."""

    map_shape: Shape
    window: Shape
    pooled_shape: Shape


def per_dimension(value: Any, n_dimensions: int) -> Shape | None:
    """Return one integer a dimension, or None if the value is not that."""
    if is_int(value):
        return (int(value),) * n_dimensions
    values = as_ints(value)
    return values if values is not None and len(values) == n_dimensions else None


def plan_blocks(map_shape: Shape, n_blocks: int, pool: Any) -> list[Block]:
    """Follow the map through the blocks, up to the first window it is too small for."""
    blocks = []
    for _ in range(n_blocks):
        if isinstance(pool, str):
            window = tuple(min(2, size) for size in map_shape)
        else:
            window = per_dimension(1 if pool is None else pool, len(map_shape)) or ()
        pooled = tuple(
            size // step for size, step in zip(map_shape, window, strict=True)
        )
        blocks.append(Block(map_shape, window, pooled))
        if 0 in pooled:
            break
        map_shape = pooled
    return blocks


def check_maps(
    mistakes: Mistakes,
    input_shape: Shape,
    channels: Shape,
    kernel_size: Any,
    pool: Any,
    normalizer: str | None,
    n_groups: int,
) -> None:
    """Note arguments that do not suit the maps they are applied to."""
    n_dimensions = len(input_shape) - 1
    ints = f"an int >= 1 or a tuple of {n_dimensions} such ints for this input_shape"
    if per_dimension(kernel_size, n_dimensions) is None:
        mistakes.add("kernel_size", ints, kernel_size)
    if isinstance(pool, str):
        suits = pool == "auto"
    else:
        suits = pool is None or per_dimension(pool, n_dimensions) is not None
    if not suits:
        remedy = "Did you mean 'auto'?" if isinstance(pool, str) else ""
        mistakes.add("pool", f"None, 'auto', {ints}", pool, remedy)
        return
    blocks = plan_blocks(input_shape[1:], len(channels), pool)
    for i, block in enumerate(blocks):
        if is_int(n_groups):
            check_normalizer(
                mistakes,
                normalizer,
                n_groups,
                f"channels[{i}]",
                channels[i],
                block.map_shape,
            )
        if 0 in block.pooled_shape:
            mistakes.add(
                "pool",
                f"no larger than the map {block.map_shape} of channels[{i}]",
                pool,
                "Pass pool='auto' or fewer channels.",
            )
