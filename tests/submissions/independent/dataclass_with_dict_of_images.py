# A software engineer: a frozen dataclass for the settings, a class for the work, type hints, and the images
# in a dictionary {filter: image}. The sum over the map replaces the mean, the same after normalising. All
# right.
#
# /// label
# ///

# %% cnn
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ConvSpec:
    filters: int
    kernel: int = 3
    pool: bool = False


ARCHITECTURE: tuple[ConvSpec, ...] = (
    ConvSpec(8, kernel=5, pool=True),
    ConvSpec(16),
    ConvSpec(24, pool=True),
    ConvSpec(64),
)


def build_classifier(specs: tuple[ConvSpec, ...], classes: int = 10) -> keras.Model:
    stack = [layers.Input(shape=(28, 28, 1))]
    for number, spec in enumerate(specs):
        stack.append(
            layers.Conv2D(
                spec.filters,
                spec.kernel,
                padding="same",
                activation="relu",
                name=f"conv2d_{number}" if number else "conv2d",
            )
        )
        if spec.pool:
            stack.append(layers.MaxPooling2D())
    stack += [layers.Flatten(), layers.Dense(classes, activation="softmax")]
    return keras.Sequential(stack, name="classifier")


model = build_classifier(ARCHITECTURE)
model.summary()

# %% train
@dataclass(frozen=True)
class TrainingConfig:
    learning_rate: float = 1e-3
    batch_size: int = 32
    epochs: int = 3


def train(net: keras.Model, config: TrainingConfig) -> keras.callbacks.History:
    net.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=["accuracy"],
    )
    return net.fit(x_train, y_train, batch_size=config.batch_size, epochs=config.epochs, verbose=2)


results = train(model, TrainingConfig())

# %% ascent
@dataclass
class FeatureVisualizer:
    net: keras.Model
    layer: str
    updates: int = 50
    step: float = 1.0
    images: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        target = self.net.get_layer(self.layer)
        self._head = keras.Model(self.net.inputs, target.output)
        self.n_filters: int = target.filters

    def _gradient(self, image: tf.Variable, index: int) -> tf.Tensor:
        with tf.GradientTape() as tape:
            response = tf.reduce_sum(self._head(image, training=False)[..., index])
        return normalize(tape.gradient(response, image))

    def climb(self, index: int) -> np.ndarray:
        image = tf.Variable(tf.random.uniform((1, 28, 28, 1)))
        for _ in range(self.updates):
            image.assign_add(self.step * self._gradient(image, index))
        return image.numpy()

    def run(self) -> Iterator[int]:
        for index in range(self.n_filters):
            self.images[index] = self.climb(index)
            yield index


layer_name = "conv2d_3"
visualizer = FeatureVisualizer(model, layer_name, gradient_updates, step_size)
for done in visualizer.run():
    if (done + 1) % 16 == 0:
        print(f"{done + 1} of {visualizer.n_filters}")

visualized_feature = visualizer.images
number_of_filters = visualizer.n_filters

# %% plot
def draw(images: dict[int, np.ndarray], columns: int = 8) -> plt.Figure:
    rows = -(-len(images) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.6 * rows), layout="constrained")
    for (index, image), ax in zip(sorted(images.items()), axes.ravel()):
        ax.imshow(deprocess_image(image.copy()).squeeze(), cmap="gray")
        ax.set_title(f"feature {index}", fontsize=9)
        ax.axis("off")
    return fig


figure = draw(visualized_feature)
plt.show()
