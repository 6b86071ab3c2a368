# A class whose compiled method reads self.filter_index, a Python number. tf.function reads it once, at
# the first call, so all 64 images climb filter 0. Steps, normalisation and direction are right.
#
# /// label
# objective = "fail"
# ascent = ["pass", "partial"]
#
# [feedback_mentions]
# objective = ["filter 0"]
#
# [causes]
# objective = "one_filter_for_all"
# ///

# %% cnn
def make_model() -> keras.Model:
    """Four convolutions, two poolings, a softmax."""
    image = layers.Input(shape=(28, 28, 1))
    x = layers.Conv2D(8, 3, activation="elu", padding="same", name="conv2d")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(16, 3, activation="elu", padding="same", name="conv2d_1")(x)
    x = layers.Conv2D(32, 3, activation="elu", padding="same", name="conv2d_2")(x)
    x = layers.Conv2D(64, 3, activation="elu", padding="same", name="conv2d_3")(x)
    x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    return keras.Model(image, layers.Dense(10, activation="softmax")(x))


model = make_model()

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=3, batch_size=32, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64


class Climber:
    """Finds the image that excites one filter of a layer most."""

    def __init__(self, model: keras.Model, layer_name: str) -> None:
        self.maps = keras.Model(model.inputs, model.get_layer(layer_name).output)
        self.filter_index = 0

    @tf.function
    def gradient(self, image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            signal = tf.reduce_mean(self.maps(image)[..., self.filter_index])
        return normalize(tape.gradient(signal, image))

    def climb(self, filter_index: int) -> np.ndarray:
        self.filter_index = filter_index
        image = tf.random.uniform((1, 28, 28, 1))
        for _ in range(gradient_updates):
            image = image + step_size * self.gradient(image)
        return image.numpy()


climber = Climber(model, layer_name)
visualized_feature = [climber.climb(i) for i in range(number_of_filters)]

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 12))
for i, (axis, image) in enumerate(zip(axes.flat, visualized_feature)):
    axis.imshow(deprocess_image(image[0, :, :, 0].copy()), cmap="gray")
    axis.set_title(f"feature {i}", fontsize=8)
    axis.axis("off")
plt.show()
