"""The driver in force in a thread."""

import threading

from skhyper.training import driver_in_force, train


def answer(recipe, data, start=None):
    return ("answered", recipe, data, start)


def test_a_driver_is_in_force_inside_its_context_and_thread_only():
    elsewhere = []
    with driver_in_force(answer):
        assert train("recipe", "data") == ("answered", "recipe", "data", None)
        thread = threading.Thread(target=lambda: elsewhere.append(fails_as_alone()))
        thread.start()
        thread.join()
    assert elsewhere == [True]
    assert fails_as_alone()


def fails_as_alone():
    """Tell whether ``train`` asks the recipe what only a recipe knows."""
    try:
        train("recipe", "data")
    except AttributeError as error:
        return "'str' object has no attribute" in str(error)
    return False


def test_the_driver_before_is_in_force_again_after_an_error():
    with driver_in_force(answer):
        try:
            with driver_in_force(fails_as_alone):
                raise RuntimeError
        except RuntimeError:
            pass
        assert train("recipe", "data")[0] == "answered"
