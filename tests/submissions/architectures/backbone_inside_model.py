# The convolutions are a model of their own, the backbone, and it is one layer of the classifier. The ascent
# cuts the backbone, whose input is the image itself, so this is the same thing as cutting the whole
# network.
#
# /// label
# ///

# %% cnn
def build_backbone() -> keras.Model:
    """Image -> feature maps."""
    image = keras.Input(shape=(28, 28, 1), name="image")
    maps = layers.Conv2D(12, 3, padding="same", activation="relu", name="conv2d")(image)
    maps = layers.MaxPooling2D(name="pool_a")(maps)
    maps = layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1")(maps)
    maps = layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2")(maps)
    maps = layers.MaxPooling2D(name="pool_b")(maps)
    maps = layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3")(maps)
    return keras.Model(image, maps, name="backbone")


def build_classifier(backbone: keras.Model) -> keras.Model:
    """Image -> probabilities of the ten digits."""
    image = keras.Input(shape=(28, 28, 1))
    hidden = layers.Flatten()(backbone(image))
    hidden = layers.Dropout(0.3)(hidden)
    return keras.Model(image, layers.Dense(10, activation="softmax")(hidden), name="classifier")


backbone = build_backbone()
model = build_classifier(backbone)
backbone.summary()
model.summary()

# %% train
model.compile(
    optimizer=keras.optimizers.Adam(learning_rate=1e-3),
    loss=keras.losses.CategoricalCrossentropy(),
    metrics=["accuracy"],
)
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2, validation_data=(x_test, y_test))

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

# model.get_layer("conv2d_3") does not exist, the layer lives inside of the backbone
feature_model = keras.Model(backbone.input, backbone.get_layer(layer_name).output)


@tf.function
def ascend(image: tf.Tensor, which: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """One step uphill. `which` is a tensor, so the graph is valid for all filters."""
    with tf.GradientTape() as tape:
        tape.watch(image)
        activation = tf.reduce_mean(tf.gather(feature_model(image), which, axis=-1))
    gradient = tape.gradient(activation, image)
    return image + step_size * normalize(gradient), activation


def maximise(which: int) -> np.ndarray:
    image = tf.random.uniform((1, 28, 28, 1))
    for _ in range(gradient_updates):
        image, activation = ascend(image, tf.constant(which))
    print(f"filter {which:2d}: {activation.numpy():.3f}")
    return image.numpy()


visualized_feature = [maximise(which) for which in range(number_of_filters)]

# %% plot
figure, axes = plt.subplots(nrows=8, ncols=8, figsize=(12, 12))

for number, (axis, feature) in enumerate(zip(axes.ravel(), visualized_feature)):
    axis.imshow(deprocess_image(feature.copy())[0, ..., 0], cmap="gray")
    axis.set_title(f"feature {number}", fontsize=8)
    axis.set_axis_off()

plt.show()
