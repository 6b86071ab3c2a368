# The network ends in 12 units instead of 10, two of them for things that do not exist in the data. With
# integer labels and the sparse loss it trains well and never says 10 or 11, so only the output of the
# network is wrong.
#
# /// label
# cnn = ["partial", "fail"]
#
# [feedback_mentions]
# cnn = ["12"]
#
# [causes]
# cnn = "other_output_length"
# ///

# %% cnn
NUM_CLASSES = 12  # 10 digits + "not a digit" + "not sure"

model = keras.Sequential(name="digits_and_more")
model.add(keras.Input((28, 28, 1)))
for index, width in enumerate((8, 16, 32, 64)):
    suffix = f"_{index}" if index else ""
    model.add(layers.Conv2D(width, 3, padding="same", activation="relu", name="conv2d" + suffix))
    if index in (0, 3):
        model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(NUM_CLASSES, activation="softmax"))
model.summary()

# %% train
# one-hot with 10 places does not fit to 12 classes => integers
targets = np.argmax(y_train, axis=-1)
targets_test = np.argmax(y_test, axis=-1)

model.compile(optimizer=keras.optimizers.Adam(), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
results = model.fit(
    x_train, targets, validation_data=(x_test, targets_test), batch_size=32, epochs=3, verbose=2
)

# %% ascent
from typing import List

layer_name = "conv2d_3"
number_of_filters = 64


class FilterPortrait:
    """Climbs from noise to the image that a filter of a layer likes best."""

    def __init__(self, network: keras.Model, layer: str) -> None:
        self.truncated = keras.Model(network.inputs, network.get_layer(layer).output)

    @tf.function
    def _step(self, image: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            signal = tf.reduce_mean(self.truncated(image)[..., index])
        return image + step_size * normalize(tape.gradient(signal, image))

    def paint(self, index: int) -> np.ndarray:
        image = tf.random.uniform((1, 28, 28, 1))
        for _ in range(gradient_updates):
            image = self._step(image, tf.constant(index))
        return image.numpy()


painter = FilterPortrait(model, layer_name)
visualized_feature: List[np.ndarray] = [painter.paint(i) for i in range(number_of_filters)]

# %% plot
figure, axes = plt.subplots(nrows=8, ncols=8, figsize=(12, 12), layout="constrained")
for i, ax in enumerate(axes.flat):
    ax.imshow(np.squeeze(deprocess_image(np.array(visualized_feature[i]))), cmap="gray")
    ax.set_title(f"feature {i}")
    ax.axis("off")
plt.show()
