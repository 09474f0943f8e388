"""What folds and seeds cost, said before they do."""

from components.train.planning.recipe import recipe_of
from components.train.settings import TrainSettings
from sightline.ground.wording import counted


def cost_of_rounds(settings: TrainSettings, recipe: str) -> str:
    """Say how many trainings are judged and thrown away; nothing where there are none."""
    deals = f", dealt {settings.repeats} times" if settings.repeats > 1 else ""
    if settings.folds:
        count = settings.folds * settings.repeats
        said = (
            f"Every training and validation image is judged in one of {settings.folds} folds"
            f"{deals}, by a model that did not learn from its fold; the model that counts learns "
            "from all of them"
        )
    elif settings.repeats > 1:
        count = settings.repeats - 1
        said = f"The training is repeated with {counted(count, 'more seed')}, which judge its luck"
    else:
        return ""
    if "images" in recipe_of(recipe).needs:
        times = f"each a whole one: about {count + 1} times the time of one"
    else:
        times = "each of a head alone, as the features are computed once"
    return f"{said}: {counted(count, 'more training')}, {times}."
