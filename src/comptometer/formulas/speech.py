"""Speech to text from a spectrogram: Whisper and Speech2Text. The sequence length is mel frames.

Convolutions read frames and shorten them; the first forms no gradient of its input, which is data.
"""

from __future__ import annotations

from comptometer.formulas import DATA, Config, Flow, Network, formula
from comptometer.formulas._encoder import Encoder, Sequences, encoder_stack
from comptometer.formulas._encoder_decoder import Sides, built_for, decoder_stack, side
from comptometer.formulas._encoder_heads import labels


def halved(length: int, kernel: int) -> int:
    """Positions after a convolution that moves two at a time and pads half its kernel on each side."""
    return (length + 2 * (kernel // 2) - kernel) // 2 + 1


@formula("whisper")
def whisper(config: Config, net: Network) -> None:
    """Two convolutions, the second of which halves the frames; norms before, no bias on keys.

    The encoder's positions are a fixed table. Source: Radford et al. 2022, arXiv 2212.04356.
    """
    head = built_for(config, "Model", "ForAudioClassification")
    models = [
        side(config, name, norm_first=True, final_norm=True, key_bias=False)
        for name in (("encoder",) if head == "ForAudioClassification" else ("encoder", "decoder"))
    ]
    positions, mel = config.integer("max_source_positions"), config.integer("num_mel_bins")
    frames = net.length(2 * positions, longest=2 * positions)
    read = Sequences(net.batch, halved(frames, 3))
    if frames != 2 * positions:
        net.note(f"the class pads sound to {2 * positions} frames; counted with {frames}")
    with net.within("encoder"):
        memory = _heard(models[0], net, mel, frames, read, positions)
    if len(models) == 1:
        net.tokens = read.rows
        _classified(config, net, read, models[0], memory)
        return
    longest = config.integer("max_target_positions")
    at = Sides(read, Sequences(net.batch, net.decoder_length(longest, longest=longest)))
    net.tokens = at.encoder.rows + at.decoder.rows
    _written(config, net, at, models[1], memory, longest, logits=head == "ForConditionalGeneration")


def _heard(model: Encoder, net: Network, mel: int, frames: int, at: Sequences, positions: int) -> Flow:
    x = net.convolution("convolution1", DATA, mel, model.width, (3,), (frames,), bias=True)
    net.elementwise("convolution1", net.batch * frames * model.width)
    x = net.convolution("convolution2", x, model.width, model.width, (3,), (at.length,), bias=True)
    net.elementwise("convolution2", at.rows * model.width)
    net.fixed("positions", positions * model.width)
    return encoder_stack(model, net, x, at)


def _written(
    config: Config, net: Network, at: Sides, model: Encoder, memory: Flow, positions: int, *, logits: bool
) -> None:
    """The decoder with an embedding of its own, which the logits share."""
    vocabulary = config.integer("vocab_size")
    with net.within("decoder"):
        x = net.look_up("embedding", vocabulary, model.width)
        x = net.weights("positions", positions * model.width) or x
        x = decoder_stack(model, net, x, at.decoder, memory, at.encoder)
    if logits:
        owner = "decoder.embedding" if config.flag("tie_word_embeddings", True) else None
        net.linear("head", x, at.decoder.rows, model.width, vocabulary, weight_of=owner)


def _classified(config: Config, net: Network, at: Sequences, model: Encoder, x: Flow) -> None:
    """A product on each position, their mean, and labels."""
    width = config.integer("classifier_proj_size", 256)
    if config.flag("use_weighted_layer_sum", False):
        x = net.weights("layer_weights", model.layers + 1) or x
        net.elementwise("layer_weights", 2 * (model.layers + 1) * at.rows * model.width)
    x = net.linear("projector", x, at.rows, model.width, width, bias=True)
    net.linear("head", x, at.number, width, labels(config), bias=True)


@formula("speech_to_text")
def speech_to_text(config: Config, net: Network) -> None:
    """Convolutions with gates, each of which halves the frames; positions are computed.

    Source: Wang et al. 2020, arXiv 2010.05171.
    """
    head = built_for(config, "Model")
    encoder, decoder = (side(config, name, norm_first=True, final_norm=True) for name in ("encoder", "decoder"))
    kernels, channels = config.integers("conv_kernel_sizes", least=1) or [5, 5], config.integer("conv_channels", 1024)
    if len(kernels) != config.integer("num_conv_layers", 2):
        raise config.refuse("conv_kernel_sizes", "one for each of num_conv_layers")
    if channels % 2:
        raise config.refuse("conv_channels", "an even number: half of them are gates")
    inward = config.integer("input_feat_per_channel", 80) * config.integer("input_channels", 1)
    longest = config.integer("max_source_positions", 6000)
    length, x = net.length(longest, longest=longest), DATA
    with net.within("encoder"):
        for number, kernel in enumerate(kernels, 1):
            outward = channels if number < len(kernels) else 2 * encoder.width
            length = halved(length, kernel)
            x = net.convolution(f"convolution{number}", x, inward, outward, (kernel,), (length,), bias=True)
            net.elementwise(f"convolution{number}", net.batch * length * outward)
            inward = outward // 2
        read = Sequences(net.batch, length)
        memory = encoder_stack(encoder, net, x, read)
    longest = config.integer("max_target_positions", 1024)
    at = Sides(read, Sequences(net.batch, net.decoder_length(longest, longest=longest)))
    net.tokens = at.encoder.rows + at.decoder.rows
    _written(config, net, at, decoder, memory, 0, logits=head == "ForConditionalGeneration")
