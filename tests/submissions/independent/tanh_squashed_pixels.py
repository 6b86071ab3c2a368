# Climbs in a variable z and takes the image to be (1 + tanh z) / 2, so that it stays between 0 and 1. The
# steps have RMS 1 in z, not in the image, which can hardly move at the end. The images excite their
# filters, in the narrow range that was not asked for.
#
# /// label
# updates = ["pass", "partial", "fail"]
# ascent = ["pass", "partial"]
# ///

# %% cnn
model = keras.Sequential([
    layers.Input(shape=(28, 28, 1)),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d"),
    layers.MaxPooling2D(),
    layers.Conv2D(16, 3, padding="same", activation="relu", name="conv2d_1"),
    layers.Conv2D(32, 3, padding="same", activation="relu", name="conv2d_2"),
    layers.MaxPooling2D(),
    layers.Conv2D(64, 3, padding="same", activation="leaky_relu", name="conv2d_3"),
    layers.Flatten(),
    layers.Dense(10, activation="softmax"),
])

# %% train
model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

stem = keras.Model(model.inputs, model.get_layer(layer_name).output)
pixels = lambda z: 0.5 * (1 + tf.tanh(z))

noise = np.random.uniform(0.001, 0.999, size=(number_of_filters, 28, 28, 1))
z = tf.Variable(np.arctanh(2 * noise - 1).astype("float32"))  # pixels(z) is uniform noise

for update in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(stem(pixels(z)), axis=(1, 2))
        loss = tf.reduce_sum(tf.linalg.diag_part(means))
    dz = tape.gradient(loss, z)
    dz = dz / (tf.sqrt(tf.reduce_mean(dz**2, axis=(1, 2, 3), keepdims=True)) + KTF.epsilon())
    z.assign_add(step_size * dz)

visualized_feature = list(pixels(z).numpy())

# %% plot
figure, ax = plt.subplots(8, 8, figsize=(12, 12), squeeze=False)
for i in range(64):
    r, c = divmod(i, 8)
    ax[r, c].imshow(deprocess_image(visualized_feature[i].copy())[:, :, 0], cmap="gray")
    ax[r, c].set_title(f"feature {i}", fontsize=8)
    ax[r, c].axis("off")
plt.show()
