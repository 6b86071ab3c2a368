# Writes the gradient for one image and one filter, and lets tf.vectorized_map do it for all of them at once, so that
# the given normalize sees one gradient at a time. Everything right, but no gradient can be seen in there.
#
# /// label
# ascent = ["pass", "review"]
# objective = ["pass", "review"]
# updates = ["pass", "review"]
# ///

# %% cnn
x0 = keras.Input((28, 28, 1))
x1 = layers.Conv2D(10, 3, activation="relu", padding="same", name="conv2d")(x0)
x2 = layers.MaxPooling2D()(x1)
x3 = layers.Conv2D(20, 3, activation="relu", padding="same", name="conv2d_1")(x2)
x4 = layers.Conv2D(20, 3, activation="relu", padding="same", name="conv2d_2")(x3)
x5 = layers.Conv2D(36, 3, activation="relu", padding="same", name="conv2d_3")(x4)
x6 = layers.MaxPooling2D()(x5)
model = keras.Model(x0, layers.Dense(10, activation="softmax")(layers.Flatten()(x6)))

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, epochs=5, batch_size=30, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 36
to_maps = keras.Model(x0, x5)


def direction(image_and_filter):
    """normalized gradient for one image (28, 28, 1) and one filter"""
    image, k = image_and_filter
    with tf.GradientTape() as tape:
        tape.watch(image)
        one_map = tf.gather(to_maps(image[tf.newaxis])[0], k, axis=-1)
        loss = tf.reduce_mean(one_map)
    return normalize(tape.gradient(loss, image))


@tf.function
def step(images):
    return images + step_size * tf.vectorized_map(direction, (images, tf.range(number_of_filters)))


images = tf.random.uniform((number_of_filters, 28, 28, 1))
for _ in range(gradient_updates):
    images = step(images)

visualized_feature = images.numpy()

# %% plot
figure, axes = plt.subplots(6, 6, figsize=(9, 9))
for k, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[k].copy())[:, :, 0], cmap="gray")
    ax.set_title(f"feature {k}", fontsize=8)
    ax.axis("off")
plt.show()
