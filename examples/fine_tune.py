"""Fine-tune the embedded model on a dozen labelled sentences, then label a sentence with the result."""

from pathlib import Path

from gemma2_workbench import load
from gemma2_workbench.classification.classify import classify
from gemma2_workbench.classification.finetune.settings import Settings
from gemma2_workbench.classification.finetune.train import fine_tune

data = Path(__file__).parent / "data" / "places.conll"
tuned = fine_tune(Settings(data, out=Path("my-tagger"), epochs=7, batch=4), say=print)
print(f"{tuned.figure} {tuned.scores['ALL']['f1']:.2f} on {tuned.measured_on}")

for entity in classify(load(tuned.folder), "Mira took the bus from Bergen to Oslo .").entities:
    print(f"{entity.text}: {entity.label}, probability {entity.confidence:.2f}")
