# A software engineer: a class ActivationMaximizer with type hints. The images live in its attribute
# `images`; there is no list visualized_feature. The compiled step takes the number of the filter as a
# tensor.
#
# /// label
# ///

# %% cnn
def build_classifier(widths: tuple[int, ...] = (8, 16, 32, 64), n_classes: int = 10) -> keras.Model:
    """Small VGG-like classifier for 28 x 28 grey images."""
    net = keras.Sequential([layers.Input(shape=(28, 28, 1))])
    for position, filters in enumerate(widths):
        name = "conv2d" if position == 0 else f"conv2d_{position}"
        net.add(layers.Conv2D(filters, kernel_size=3, padding="same", activation="relu", name=name))
        if position in (0, 2):
            net.add(layers.MaxPooling2D(pool_size=2))
    net.add(layers.Flatten())
    net.add(layers.Dense(n_classes, activation="softmax"))
    return net


model = build_classifier()
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=2e-3),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)

# %% ascent
layer_name = "conv2d_3"


class ActivationMaximizer:
    """Finds, for each filter of a layer, the image that excites it most."""

    def __init__(self, network: keras.Model, layer: str, steps: int, rate: float) -> None:
        self._trunk = keras.Model(network.inputs, network.get_layer(layer).output)
        self.n_filters: int = self._trunk.output_shape[-1]
        self.steps = steps
        self.rate = rate
        self.images: list[np.ndarray] = []

    @tf.function
    def _step(self, image: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(image)
            activation = tf.reduce_mean(self._trunk(image)[..., index])
        return image + self.rate * normalize(tape.gradient(activation, image))

    def maximize(self, index: int) -> np.ndarray:
        image = tf.random.uniform((1, 28, 28, 1))
        for _ in range(self.steps):
            image = self._step(image, tf.constant(index))
        return image.numpy().reshape(28, 28)

    def run(self) -> "ActivationMaximizer":
        self.images = [self.maximize(index) for index in range(self.n_filters)]
        return self


maximizer = ActivationMaximizer(model, layer_name, steps=gradient_updates, rate=step_size).run()
print(len(maximizer.images), "images of shape", maximizer.images[0].shape)

# %% plot
def show_features(images: list[np.ndarray], columns: int = 8) -> plt.Figure:
    rows = -(-len(images) // columns)
    fig = plt.figure(figsize=(12, 1.5 * rows))
    grid = fig.add_gridspec(rows, columns, hspace=0.4)
    for index, image in enumerate(images):
        ax = fig.add_subplot(grid[index // columns, index % columns])
        ax.imshow(deprocess_image(image.copy()), cmap="gray", vmin=0, vmax=255)
        ax.set_title(f"feature {index}", fontsize=9)
        ax.set_axis_off()
    return fig


figure = show_features(maximizer.images)
plt.show()
