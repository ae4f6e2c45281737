"""The page of any model that `load` opens: what it says of a model, and what it says of what a model lacks."""

import json
from typing import Any

import pytest
import torch

from benchmarks.decoders.tiny import tiny_model
from gemma2_workbench import load
from gemma2_workbench.apps.explorer.handlers import HANDLERS
from gemma2_workbench.apps.page.questions import Handlers, Tell
from gemma2_workbench.apps.page.session import Session
from gemma2_workbench.model import Reason
from gemma2_workbench.models.decoder.opening import opened

TEXT = "red blue green seven nine red blue green"
STAGES = ["attn_logits", "attn_scores", "attn_masked", "attn_probs", "contribution"]
# The layers of each, the stages that are known, and what the page cannot show.
FAMILIES: dict[str, tuple[set[str], list[str], set[str]]] = {
    "llama": ({"global"}, STAGES, set()),
    "gpt_oss": ({"local", "global"}, STAGES, set()),
    "llama4_text": ({"chunked", "global"}, STAGES, {"contributions"}),
    "qwen3_next": ({"linear", "global"}, STAGES, {"contributions"}),
    "bloom": ({"global"}, STAGES, set()),
    "diffllama": ({"global"}, STAGES[:-1], {"contributions"}),
    "hrm_text": ({"global"}, ["attn_probs"], {"softcap", "prediction", "patching", "changes"}),
}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest, session: Session) -> str:
    tokenizer = load("tiny").tokenizer
    session.kept.add(
        ("model", request.param),
        opened(tiny_model(request.param, vocabulary=len(tokenizer)), tokenizer, request.param),
    )
    return request.param


def asked(session: Session, tell: Tell, about: str, **fields: object) -> Any:
    """The answer as the browser gets it; a ValueError is the sentence that it shows."""
    handler, question = Handlers(HANDLERS).read({"about": about, **fields})
    try:
        answer = handler.answer(session, question, tell)
    except ValueError as error:
        return str(error)
    return json.loads(json.dumps(answer, allow_nan=False))


def test_every_question_about_a_family_has_an_answer_or_a_reason(family: str, session: Session, tell: Tell) -> None:
    kinds, stages, lacks = FAMILIES[family]
    run = asked(session, tell, "run", text=TEXT, model=family)
    assert {layer["kind"] for layer in run["layers"]} == kinds
    assert (run["stages"], set(run["lacks"])) == (stages, lacks)
    assert run["tier"].startswith("maps only: " if family == "hrm_text" else "all stages, equal to transformers")
    here = {"run": run["id"]}
    answers = {
        "change": asked(session, tell, "change", **here, cap="5"),
        "contributions": asked(session, tell, "contributions", **here, position=4),
        "prediction": asked(session, tell, "lens", **here, first=0, stop=3),
        "softcap": asked(session, tell, "saturation", **here),
    }
    for about, answer in answers.items():
        missing = {"changes" if about == "change" else about} & lacks or (about == "contributions" and lacks)
        assert isinstance(answer, str) == bool(missing), (about, answer)
    for layer in range(len(run["layers"])):
        for about, fields in (("claim", {"head": 0, "query": 5}), ("logits", {"head": 0})):
            answer = asked(session, tell, about, **here, layer=layer, **fields)
            assert isinstance(answer, dict) or not run["layers"][layer]["softmax"] or family == "hrm_text"


def test_the_mask_lab_has_the_rule_of_every_kind_of_layer(family: str, session: Session, tell: Tell) -> None:
    run = asked(session, tell, "run", text=TEXT, model=family)
    told = asked(session, tell, "masks", run=run["id"], words=True, tokens=9, window=8, section=8)
    layers = {info.kind: info for info in session.model(family).layers}
    for kind in told["kinds"]:
        info = layers[kind["kind"]]
        if info.softmax:
            assert kind["reasons"] == info.mask.reasons(range(9), range(9))[0].tolist()
        else:
            assert torch.tensor(kind["reasons"]).eq(int(Reason.NO_SOFTMAX)).all()
        assert kind["sinks"] == (family == "gpt_oss")
    assert told["reach"]["model"]["layers"] == [layer["kind"] for layer in run["layers"]]
