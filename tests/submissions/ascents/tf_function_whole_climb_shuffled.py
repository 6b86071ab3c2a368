# The whole climb of fifty steps is one tf.function with a tf.range loop in it. The filters are done in
# random order (the student wanted to be able to stop early), but each image goes to the place of its own
# filter.
#
# /// label
# ///

# %% cnn
image_in = keras.Input(shape=(28, 28, 1))
z = layers.Conv2D(8, 3, activation="relu", padding="same", name="conv2d")(image_in)
z = layers.Conv2D(8, 3, strides=2, activation="relu", padding="same", name="conv2d_1")(z)
z = layers.Conv2D(24, 3, activation="relu", padding="same", name="conv2d_2")(z)
z = layers.Conv2D(64, 3, activation="relu", padding="same", name="conv2d_3")(z)
z = layers.MaxPooling2D()(z)
z = layers.Flatten()(z)
digit = layers.Dense(10, activation="softmax")(z)
model = keras.Model(inputs=image_in, outputs=digit)

# %% train
model.compile(optimizer=keras.optimizers.Adam(1.5e-3), loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=0)
print("test accuracy:", model.evaluate(x_test, y_test, verbose=0)[1])

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = [None] * number_of_filters

encoder = keras.Model(image_in, model.get_layer(layer_name).output)


@tf.function
def climb(image, which):
    for _ in tf.range(gradient_updates):
        with tf.GradientTape() as tape:
            tape.watch(image)
            activation = tf.reduce_mean(tf.gather(encoder(image), which, axis=3))
        image = image + step_size * normalize(tape.gradient(activation, image))
    return image


rng = np.random.default_rng(7)
for f in rng.permutation(number_of_filters):
    noise = tf.constant(rng.random((1, 28, 28, 1)), dtype=tf.float32)
    visualized_feature[f] = climb(noise, tf.constant(int(f))).numpy()

# nothing forgotten?
assert all(v is not None for v in visualized_feature)

# %% plot
figure = plt.figure(figsize=(12, 12))
axes = figure.subplots(8, 8)

for f in range(number_of_filters):
    row, col = divmod(f, 8)
    axes[row, col].imshow(deprocess_image(visualized_feature[f].copy()).reshape(28, 28), cmap="gray")
    axes[row, col].set_title(f"feature {f}")
    axes[row, col].axis("off")

plt.show()
