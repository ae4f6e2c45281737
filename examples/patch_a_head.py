"""Measure heads by intervening: set each one to zero and see how far the prediction moves."""

from workbench import AblateHead, load, predict, tokenize

loaded = load()
ids = tokenize(loaded.tokenizer, "seven green horses met a man. Later seven green").ids
real = predict(loaded, ids)
effects = {
    (layer, head): predict(loaded, ids, [AblateHead(layer, head)]).divergence_from(real)
    for layer in range(loaded.config.num_hidden_layers)
    for head in range(loaded.config.num_attention_heads)
}
for (layer, head), effect in sorted(effects.items(), key=lambda item: -item[1])[:5]:
    print(f"layer {layer} head {head}: KL {effect:.3f} nats without it")
