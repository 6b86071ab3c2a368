# Divides the gradient by its length instead of its root mean square, so that a step is sqrt(784) = 28
# times smaller than asked for. Fifty such steps, not quite two of the right size, do show the filter's
# pattern.
#
# /// label
# updates = ["fail", "partial"]
# ascent = ["pass", "partial"]
# objective = ["pass", "partial"]
#
# [feedback_mentions]
# updates = ["size"]
#
# [causes]
# updates = ["other_normalization", "other_step_size"]
# ///

# %% cnn
model = keras.Sequential([layers.Input(shape=(28, 28, 1))])
for name, channels in [("conv2d", 8), ("conv2d_1", 16), ("conv2d_2", 16), ("conv2d_3", 64)]:
    model.add(layers.Conv2D(channels, 3, padding="same", activation="relu", name=name))
    if name in ("conv2d", "conv2d_3"):
        model.add(layers.MaxPooling2D())
model.add(layers.Flatten())
model.add(layers.Dense(10, activation="softmax"))

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=4, verbose=2)
plt.plot(results.history["loss"], ".-")
plt.xlabel("epoch")
plt.show()

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64
visualized_feature = []

psi = keras.Model(model.inputs, model.get_layer(layer_name).output)


@tf.function
def unit_gradient(X, i):
    with tf.GradientTape() as tape:
        tape.watch(X)
        a_i = tf.reduce_mean(tf.gather(psi(X), i, axis=-1))
    g = tape.gradient(a_i, X)
    return g / (tf.norm(g) + 1e-12)  # unit vector


for i in tf.range(number_of_filters):
    X = tf.random.uniform((1, 28, 28, 1))
    for _ in range(gradient_updates):
        X += step_size * unit_gradient(X, i)
    visualized_feature.append(X.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(10, 11))
for n, ax in enumerate(axes.flat):
    ax.imshow(deprocess_image(visualized_feature[n].copy()).squeeze(), cmap="gray")
    ax.set_title(f"feature {n}", fontsize=8)
    ax.set(xticks=[], yticks=[])
figure.tight_layout()
plt.show()
