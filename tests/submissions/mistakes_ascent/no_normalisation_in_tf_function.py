# The whole climb is one tf.function with a tf.range loop, compiled once and given the filter as a tensor.
# The gradient is not normalised, so the images stay practically the noise they were.
#
# /// label
# ascent = "fail"
# updates = "fail"
# objective = ["pass", "partial", "fail"]
#
# [feedback_mentions]
# ascent = ["normaliz"]
#
# [causes]
# ascent = "not_normalized"
# objective = "not_normalized"
# updates = "not_normalized"
# ///

# %% cnn
stack = [
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d"),
    layers.Conv2D(8, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.MaxPool2D(),
    layers.Conv2D(24, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.Conv2D(64, 3, padding="same", activation="relu", name="conv2d_3"),
    layers.MaxPool2D(),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
]
model = keras.Sequential(stack)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)
assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.9

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

feature_extractor = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def gradient_ascent(image: tf.Tensor, filter_index: tf.Tensor) -> tf.Tensor:
    for _ in tf.range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(image)
            activation = feature_extractor(image)
            mean_activation = tf.reduce_mean(tf.gather(activation, filter_index, axis=3))
        image += step_size * tape.gradient(mean_activation, image)
    return image


for filter_index in range(number_of_filters):
    input_img = tf.random.uniform((1, 28, 28, 1))
    visualized_feature.append(gradient_ascent(input_img, tf.constant(filter_index)).numpy())

# %% plot
figure = plt.figure(figsize=(12, 12))
grid = figure.add_gridspec(8, 8, hspace=0.5)

for i, feature in enumerate(visualized_feature):
    ax = figure.add_subplot(grid[i // 8, i % 8])
    ax.imshow(deprocess_image(feature[0, :, :, 0].copy()), cmap="gray")
    ax.set_title(f"feature {i}", fontsize=9)
    ax.axis("off")

plt.show()
