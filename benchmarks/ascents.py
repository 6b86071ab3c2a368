"""Several common implementations of the exercise's gradient ascent, 64 filters of `conv2d_3` x 50 steps.

All start from the same noise and use the same rule, image i for filter i, so the images can be compared. Each
peer is used as its documentation shows, set to the exercise's rule: a step of one along the normalized
gradient.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf

from solutions.gradient_ascent import filter_activations, gradient_ascent, normalize

LAYER = "conv2d_3"
STEPS = 50
STEP_SIZE = 1.0

Images = npt.NDArray[np.float32]  # (filters, 28, 28, 1)


@dataclass(frozen=True)
class Method:
    """One implementation.

    Attributes:
        name: its name in the table.
        ascend: noise -> images.
        batched: all images are computed at once, so its compiled code depends on their number.
    """

    name: str
    ascend: Callable[[Images], Images]
    batched: bool


@dataclass(frozen=True)
class Peer:
    """A package that may not be installed; `methods` raises ImportError if it is missing."""

    package: str
    methods: Callable[[keras.Model], list[Method]]


def up_to_layer(model: keras.Model) -> keras.Model:
    """The part of the network that the ascent needs."""
    return keras.Model(model.inputs[0], model.get_layer(LAYER).output)


def exercise_loop(model: keras.Model) -> Method:
    """The published solution of the exercise, unchanged: one filter, one step at a time."""
    submodel = up_to_layer(model)

    def normalize_one(x: tf.Tensor) -> tf.Tensor:
        return x / (tf.sqrt(tf.reduce_mean(tf.square(x))) + keras.backend.epsilon())

    def ascend(noise: Images) -> Images:
        visualized_feature = []
        for filter_index in range(len(noise)):
            input_img = tf.Variable(noise[filter_index : filter_index + 1])
            for _ in range(STEPS):
                with tf.GradientTape() as tape:
                    outputs = submodel(input_img)
                    loss_value = tf.reduce_mean(outputs[:, :, :, filter_index])
                grads = normalize_one(tape.gradient(loss_value, input_img))
                input_img.assign_add(STEP_SIZE * grads)
            visualized_feature.append(input_img.numpy()[0])
        return np.stack(visualized_feature)

    return Method("exercise's loop", ascend, batched=False)


def compiled_step(model: keras.Model) -> Method:
    """The exercise's loop with a `tf.function` step; a tensor as index, to avoid tracing per filter."""
    submodel = up_to_layer(model)

    @tf.function  # type: ignore[untyped-decorator]
    def step(image: tf.Tensor, filter_index: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            loss = tf.reduce_mean(submodel(image)[:, :, :, filter_index])
        return image + STEP_SIZE * normalize(tape.gradient(loss, image))

    def ascend(noise: Images) -> Images:
        images = []
        for filter_index in range(len(noise)):
            image, index = tf.constant(noise[filter_index : filter_index + 1]), tf.constant(filter_index)
            for _ in range(STEPS):
                image = step(image, index)
            images.append(image.numpy()[0])
        return np.stack(images)

    return Method("the loop, its step a tf.function", ascend, batched=False)


def solutions_methods(model: keras.Model) -> tuple[Method, Method]:
    """`solutions.gradient_ascent` on its first call, including building and tracing, and on later calls."""

    def first(noise: Images) -> Images:
        activations = filter_activations(model, LAYER)  # a new function, hence a new graph
        return gradient_ascent(activations, noise, steps=STEPS, step_size=STEP_SIZE).images

    kept = filter_activations(model, LAYER)

    def warm(noise: Images) -> Images:
        return gradient_ascent(kept, noise, steps=STEPS, step_size=STEP_SIZE).images

    return (
        Method("solutions, first call", first, batched=True),
        Method("solutions, warm", warm, batched=True),
    )


def tf_keras_vis_methods(model: keras.Model) -> list[Method]:
    """tf-keras-vis without its regularizers: plain descent on the negative score, gradient normalized."""
    from tf_keras_vis.activation_maximization import ActivationMaximization
    from tf_keras_vis.utils.model_modifiers import ExtractIntermediateLayer

    visualize = ActivationMaximization(model, ExtractIntermediateLayer(LAYER), clone=False)

    def maximize(score: Callable[[tf.Tensor], tf.Tensor], noise: Images) -> Images:
        images = visualize(
            score,
            seed_input=noise,
            input_range=None,
            input_modifiers=None,
            regularizers=None,
            steps=STEPS,
            optimizer=keras.optimizers.SGD(STEP_SIZE),  # one per call: it remembers its variables
            gradient_modifier=normalize,
        )
        return np.asarray(images)

    def one(noise: Images, index: int) -> Images:
        return maximize(lambda maps: maps[..., index], noise[index : index + 1])

    def one_by_one(noise: Images) -> Images:
        return np.concatenate([one(noise, index) for index in range(len(noise))])

    def one_batch(noise: Images) -> Images:
        # the mean of map i for image i: cheaper than a list of 64 scores, each with its own slice
        return maximize(lambda maps: tf.linalg.diag_part(tf.reduce_mean(maps, axis=(1, 2))), noise)

    return [
        Method("tf-keras-vis, per filter", one_by_one, batched=False),
        Method("tf-keras-vis, one batch", one_batch, batched=True),
    ]


def torch_methods(model: keras.Model) -> list[Method]:
    """PyTorch with the weights of `model`: all images in a batch, in both memory formats."""
    import torch

    torch_layers: list[torch.nn.Module] = []
    for layer in up_to_layer(model).layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = (torch.from_numpy(weights) for weights in layer.get_weights())
            rows, columns, channels, filters = kernel.shape
            convolution = torch.nn.Conv2d(channels, filters, (rows, columns), padding="same")
            convolution.weight.data = kernel.permute(3, 2, 0, 1).contiguous()
            convolution.bias.data = bias
            torch_layers += [convolution, torch.nn.ReLU()]
        elif isinstance(layer, keras.layers.MaxPooling2D):
            torch_layers.append(torch.nn.MaxPool2d(layer.pool_size))

    def one_batch(memory_format: torch.memory_format) -> Callable[[Images], Images]:
        network = torch.nn.Sequential(*torch_layers).requires_grad_(requires_grad=False)

        def ascend(noise: Images) -> Images:
            network.to(memory_format=memory_format)  # the two share their layers
            images = torch.from_numpy(noise).permute(0, 3, 1, 2).contiguous(memory_format=memory_format)
            own = torch.arange(len(images))
            for _ in range(STEPS):
                images.requires_grad_()
                excitement = network(images)[own, own].mean(dim=(1, 2)).sum()
                (gradients,) = torch.autograd.grad(excitement, images)
                mean_square = gradients.square().mean(dim=(1, 2, 3), keepdim=True)
                normalized = gradients / (mean_square.sqrt() + keras.backend.epsilon())
                images = images.detach() + STEP_SIZE * normalized
            return np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())

        return ascend

    return [
        Method("PyTorch, one batch, NCHW", one_batch(torch.contiguous_format), batched=True),
        Method("PyTorch, one batch, channels_last", one_batch(torch.channels_last), batched=True),
    ]


PEERS = (
    Peer("tf-keras-vis", tf_keras_vis_methods),
    Peer("torch", torch_methods),
)
