# A subclass of keras.Model with the layers as attributes. Its layers have no symbolic outputs, so that
# get_layer(...).output is of no use; the class has a method `features` instead, which gives the maps of
# conv2d_3 for any image. Correct.
#
# /// label
# ///

# %% cnn
class DigitReader(keras.Model):
    """Four convolutions and a linear classifier."""

    def __init__(self, n_classes: int = 10, n_features: int = 64, **kwargs) -> None:
        super().__init__(**kwargs)
        self.conv_a = layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d")
        self.conv_b = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")
        self.conv_c = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")
        self.conv_d = layers.Conv2D(n_features, 3, padding="same", activation="relu", name="conv2d_3")
        self.pool = layers.MaxPooling2D()
        self.flatten = layers.Flatten()
        self.dropout = layers.Dropout(0.3)
        self.classifier = layers.Dense(n_classes, activation="softmax")

    def features(self, images: tf.Tensor) -> tf.Tensor:
        """The feature maps of the last convolution, shape (batch, 7, 7, n_features)."""
        x = self.pool(self.conv_a(images))
        x = self.pool(self.conv_c(self.conv_b(x)))
        return self.conv_d(x)

    def call(self, images: tf.Tensor, training: bool = False) -> tf.Tensor:
        x = self.flatten(self.features(images))
        x = self.dropout(x, training=training)
        return self.classifier(x)


model = DigitReader(name="digit_reader")
print("output:", model(x_train[:2]).shape)
model.summary()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
test_loss, test_accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"{test_loss=:.3f} {test_accuracy=:.3f}")

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64


def mean_activations(images: tf.Tensor) -> tf.Tensor:
    """a_i(X_i) for every i: the signal of filter i for image i."""
    signals = tf.reduce_mean(model.features(images), axis=(1, 2))
    return tf.linalg.diag_part(signals)


def rms(x: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_mean(tf.square(x), axis=(1, 2, 3), keepdims=True))


images = tf.random.uniform((number_of_filters, 28, 28, 1))
for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        tape.watch(images)
        signals = mean_activations(images)
    gradient = tape.gradient(signals, images)
    images += step_size * gradient / (rms(gradient) + KTF.epsilon())
    if update % 7 == 0:
        print(f"update {update:2d}: median signal {np.median(signals):.3f}")

visualized_feature = [image.numpy() for image in images]

# %% plot
def show_features(features: list[np.ndarray], columns: int = 8) -> plt.Figure:
    rows = -(-len(features) // columns)
    fig, axes = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.6 * rows))
    for number, (ax, feature) in enumerate(zip(axes.flat, features)):
        ax.imshow(deprocess_image(feature.copy()).squeeze(-1), cmap="gray")
        ax.set_title(f"feature {number}", fontsize=9)
        ax.axis("off")
    fig.tight_layout()
    return fig


figure = show_features(visualized_feature)
plt.show()
