# Starts from a constant grey plus noise of a thousandth, to see whether so little is enough to break the
# symmetry. It is: the activations are leaky, so there is a gradient everywhere. All filters at once, with
# one-hot weights.
#
# /// label
# ///

# %% cnn
x0 = layers.Input(shape=(28, 28, 1))
x = layers.Conv2D(8, 5, padding="same", activation="leaky_relu", name="conv2d")(x0)
x = layers.AveragePooling2D(2)(x)
x = layers.Conv2D(16, 3, padding="same", activation="leaky_relu", name="conv2d_1")(x)
x = layers.Conv2D(32, 3, padding="same", activation="leaky_relu", name="conv2d_2")(x)
x = layers.Conv2D(64, 3, padding="same", activation="leaky_relu", name="conv2d_3")(x)
x = layers.MaxPooling2D()(x)
x = layers.Flatten()(x)
p = layers.Dense(10, activation="softmax")(x)
model = keras.Model(x0, p)

# %% train
model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
results = model.fit(x_train, y_train, batch_size=32, epochs=3, verbose=2)

# %% ascent
layer_name = "conv2d_3"
number_of_filters = 64

G = keras.Model(x0, model.get_layer(layer_name).output)
weights = tf.one_hot(tf.range(number_of_filters), number_of_filters)

grey = np.full((number_of_filters, 28, 28, 1), 0.5)
X = tf.Variable(grey + 1e-3 * np.random.randn(*grey.shape), dtype=tf.float32)

history = np.zeros((gradient_updates, number_of_filters))
for step in range(gradient_updates):
    with tf.GradientTape() as tape:
        means = tf.reduce_mean(G(X), axis=(1, 2))
        loss = tf.reduce_sum(means * weights)
    grads = tape.gradient(loss, X)
    # map over the images, because normalize takes the mean over everything it gets
    grads = tf.map_fn(normalize, grads)
    X.assign_add(step_size * grads)
    history[step] = np.diag(means)

plt.plot(history, lw=0.5)
plt.xlabel("step")
plt.ylabel("mean activation")
plt.show()

visualized_feature = list(X.numpy())

# %% plot
figure, axes = plt.subplots(8, 8, figsize=(12, 13))
for i in range(64):
    axes[i // 8, i % 8].imshow(deprocess_image(visualized_feature[i].copy()), cmap="gray")
    axes[i // 8, i % 8].set_title(f"feature {i}", fontsize=9)
    axes[i // 8, i % 8].set_axis_off()
plt.show()
