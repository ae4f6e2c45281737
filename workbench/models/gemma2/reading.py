"""`read_model`: weights into one of our classes, through transformers, and an adapter on them."""

from typing import Any

import torch

from gemma2_workbench.model import Gemma2Config, Gemma2Model
from gemma2_workbench.model.weights import check_names
from gemma2_workbench.models.gemma2.classes import CLASSES, LANGUAGE_MODEL
from gemma2_workbench.models.machine.placement import Placement
from gemma2_workbench.models.reading import adapters
from gemma2_workbench.models.reading.alone import BUILDING
from gemma2_workbench.models.reading.names import Place
from gemma2_workbench.models.reading.quiet import quiet
from gemma2_workbench.models.weights.info import Adapter


def read_model(
    place: Place, config: Gemma2Config, dtype: torch.dtype, how: Placement, new_head: bool
) -> tuple[Any, bool, Adapter | None]:
    """The model in eval mode, whether its head is random, and the adapter on it.

    Raises:
        OSError: the weights cannot be read.
        ValueError: they do not fit the configuration, or are those of another kind of model.
        ImportError: an adapter needs a package that is not installed.
    """
    if place.adapter is None:
        model, fresh = _read(place, config, dtype, how, new_head)
        adapter = None
    else:
        config = adapters.adapted_configuration(place.adapter, config)
        # A head may come with the adapter.
        model, fresh = _read(place, config, dtype, how, new_head or adapters.has_head(place.adapter))
        with BUILDING, quiet():
            adapter = adapters.put_on(model, place.adapter, place.source)
        fresh = fresh and not adapters.has_head(place.adapter)
    return (model.to(how.device) if how.moves else model).eval(), fresh, adapter


def _read(place: Place, config: Gemma2Config, dtype: torch.dtype, how: Placement, new_head: bool) -> tuple[Any, bool]:
    """The model, and whether its head is random."""
    cls = _model_class(config)
    given = how.arguments(dtype, cls is not Gemma2Model, cls is LANGUAGE_MODEL)
    with BUILDING, quiet():
        try:
            model, report = cls.from_pretrained(
                place.folder, config=config, dtype=dtype, output_loading_info=True, local_files_only=True, **given
            )
            check_names(str(place.folder), model, report)
        except (OSError, ValueError) as error:
            kind = OSError if isinstance(error, OSError) else ValueError
            raise kind(str(error).removeprefix(f"{place.folder}: ")) from error
        except (RuntimeError, TypeError, AttributeError, KeyError, ImportError) as error:
            raise ValueError(f"the weights cannot be loaded ({type(error).__name__}: {error})") from error
    if report["missing_keys"] and not new_head:
        raise ValueError(
            f"the weights hold no head for {cls.__name__} ({', '.join(sorted(report['missing_keys'])[:3])}); train one "
            "with `gemma2-workbench finetune`, or give a checkpoint that has one"
        )
    if any(key.startswith("score.") for key in report["unexpected_keys"]):
        raise ValueError(
            f"the weights hold the head of a classifier (score.weight), which {cls.__name__} does not have; set "
            "architectures in config.json to Gemma2ForTokenClassification or Gemma2ForSequenceClassification"
        )
    return model, bool(report["missing_keys"])


def _model_class(config: Gemma2Config) -> Any:
    """Our class for the architecture that a config.json names."""
    names = config.architectures or ["Gemma2ForCausalLM"]
    known = [name for name in names if name in CLASSES]
    if not known:
        raise ValueError(f"config.json has architectures {names}; allowed: {', '.join(CLASSES)}")
    return CLASSES[known[0]]
